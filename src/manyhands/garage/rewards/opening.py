"""Jailed processes with a source loaded, or everything that is wrong with it as it stands."""

from __future__ import annotations

import codecs
import io
import tokenize
from collections.abc import Sequence

from manyhands.errors import Fault, RewardError
from manyhands.garage.rewards.jail import wire
from manyhands.garage.rewards.limits import MOST_CHARACTERS, Limits
from manyhands.garage.rewards.process import BrokenError, JailedProcess


def text_of(data: bytes) -> str:
    """A file's source, in the encoding that it names (PEP 263), UTF-8 if it names none.

    Bytes that do not fit are kept as lone surrogates: Python takes them in comments and nowhere else, which
    it says itself with the line.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)


def _bytes_of(source: str) -> bytes:
    """A source as it goes into the jail: `text_of` undone, and what no file holds replaced."""
    try:
        return source.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return source.encode("utf-8", "replace")


def scanned(jail: JailedProcess, source: str, limits: Limits) -> tuple[list[Fault], list[Fault]]:
    """Faults and warnings of a source that is read and not run. Raises BrokenError."""
    jail.order(wire.SCAN, body=_bytes_of(source))
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for answer in jail.answers(limits.load_s):
        line, kind, words = answer.fault()
        (warnings if kind == wire.WARNING else faults).append(Fault(line, words))
    return faults, warnings


def check_size(source: str) -> None:
    """Raise RewardError for a source that is longer than DeepRacer takes."""
    if len(source) > MOST_CHARACTERS:
        words = f"The source has {len(source)} characters, more than {MOST_CHARACTERS}."
        raise RewardError.of([Fault(0, words)])


def opened(source: str, shares: Sequence[int], limits: Limits, seed: int) -> list[JailedProcess]:
    """A locked process for each share, with that many instances of the source.

    Raises RewardError with everything that is wrong with the source, JailError where there is no jail.
    """
    check_size(source)
    jails: list[JailedProcess] = []
    try:
        for _ in shares:
            jails.append(JailedProcess(source, limits))
        for jail in jails:
            jail.ready()
        try:
            faults, _ = scanned(jails[0], source, limits)
            if faults:
                raise RewardError.of(faults)
            loaded(jails, source, shares, limits, seed)
        except BrokenError as cause:
            raise RewardError.of([Fault(0, f"The source does not load. {cause}")]) from cause
    except BaseException:
        for jail in jails:
            jail.close()
        raise
    return jails


def loaded(
    jails: Sequence[JailedProcess], source: str, shares: Sequence[int], limits: Limits, seed: int = 0
) -> None:
    """Run the source in each process, once for each instance. Raises RewardError or BrokenError."""
    for jail, share in zip(jails, shares, strict=True):
        jail.order(wire.LOAD, share, seed, _bytes_of(source))
    for jail, share in zip(jails, shares, strict=True):
        for answer in jail.answers(limits.load_s + share * limits.call_s):
            line, _, words = answer.fault()
            raise RewardError.of([Fault(line, words)])
