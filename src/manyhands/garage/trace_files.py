"""Traces as files: one CSV, a log, a folder or an archive of them; the archive that a training gives.

Archives are read member by member and never unpacked to the disk.
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from manyhands.errors import TooLargeError, TraceError
from manyhands.garage import traces
from manyhands.garage.traces import Part, Phase

MOST_BYTES = 32 * 2**20
"""of an archive or file that is sent"""
MOST_UNPACKED = 256 * traces.MOST_ROWS
"""of all that an archive holds: a line has about 140 bytes, in logs with a time before it"""
_CSV = re.compile(r"(?:.*/)?(\d{1,6})-iteration\.csv")
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile unpacks the others whole, whatever is asked
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same training gives the same archive

Form = Literal["csv", "log"]


def pack(parts: list[Part], form: Form) -> bytes:
    """A zip of `training-simtrace/N-iteration.csv`, and of evaluations alike; or the log of the training."""
    if form == "log":
        return "".join(traces.log_of(part.rows) for part in parts if part.phase == "training").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            entry = zipfile.ZipInfo(f"{part.phase}-simtrace/{part.iteration}-iteration.csv", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, traces.csv_of(part.rows))
    return buffer.getvalue()


def read(data: bytes, name: str, per_iteration: int = traces.PER_ITERATION) -> list[Part]:
    """Parts of an archive, a CSV or a log, by what its bytes are, sorted by phase and iteration.

    Raises:
        TraceError: naming file and line.
        TooLargeError: for more than MOST_BYTES, or archives of more than MOST_UNPACKED.
    """
    if len(data) > MOST_BYTES:
        raise TooLargeError(
            f"The trace has {len(data):,} bytes.", field="trace", remedy=f"Send at most {MOST_BYTES:,}."
        )
    if data[:2] == b"PK":
        parts = _parts(_zipped(data), per_iteration)
    elif data[:2] == b"\x1f\x8b" or data[257:262] == b"ustar":
        parts = _parts(_tarred(data), per_iteration)
    else:
        parts = _one(name, data, per_iteration, traces.MOST_ROWS)
    if not parts:
        raise TraceError(f"{name} has no N-iteration.csv and no log in it.", field="trace")
    return sorted(parts, key=lambda part: (part.phase != "training", part.iteration))


def read_path(path: Path, per_iteration: int = traces.PER_ITERATION) -> list[Part]:
    """As `read`, of a file, or of all CSV files below a folder. Raises TraceError where there is none."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*.csv") if _CSV.fullmatch(str(file)))
        found = _parts(((str(file), file.read_bytes()) for file in files), per_iteration)
        if not found:
            raise TraceError(f"There is no N-iteration.csv below {path}.", field="trace")
        return sorted(found, key=lambda part: (part.phase != "training", part.iteration))
    if not path.is_file():
        raise TraceError(f"There is no file {path}.", field="trace", remedy="Name a trace or its folder.")
    return read(path.read_bytes(), path.name, per_iteration)


def _parts(files: Iterator[tuple[str, bytes]], per_iteration: int) -> list[Part]:
    """Parts of many files; logs repeat what CSV files say, so they count where there are none of these."""
    found: list[Part] = []
    logs: list[tuple[str, bytes]] = []
    total, left = 0, traces.MOST_ROWS
    for name, data in files:
        total += len(data)
        if total > MOST_UNPACKED:
            raise TooLargeError(
                f"What is in the archive has more than {MOST_UNPACKED:,} bytes.",
                field="trace",
                remedy="Leave out some of its files.",
            )
        if name.endswith(".log"):
            logs.append((name, data))
        else:
            found += (more := _one(name, data, per_iteration, left))
            left -= _steps(more)
    if not found:
        for name, data in logs:
            found += (more := _one(name, data, per_iteration, left) if traces.MARK.encode() in data else [])
            left -= _steps(more)
    return found


def _steps(parts: list[Part]) -> int:
    return sum(len(part.rows) for part in parts)


def _one(name: str, data: bytes, per_iteration: int, most: int) -> list[Part]:
    """Parts of one file that is no archive, with so many steps at most."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise TraceError(f"{name} is not text at byte {fault.start}.", field="trace") from None
    short = name.rsplit("/", 1)[-1]
    if traces.MARK in text:
        return traces.iterations(traces.read_log(text, short, most), per_iteration)
    numbered = _CSV.fullmatch(name)
    phase: Phase = "evaluation" if "evaluation" in name else "training"
    return [Part(phase, int(numbered[1]) if numbered else 0, traces.read_csv(text, short, most))]


def _wanted(name: str) -> bool:
    return _CSV.fullmatch(name) is not None or name.endswith(".log")


def _zipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if _wanted(entry.filename):
                    if entry.compress_type not in _BOUNDED:
                        raise TraceError(
                            f"{entry.filename[-80:]} is packed in a way that is not read.",
                            field="trace",
                            remedy="Pack the zip with deflate, which is what zip does unless told otherwise.",
                        )
                    # What an entry says of its size may be wrong: no more than that is read.
                    with archive.open(entry) as file:
                        yield entry.filename, file.read(MOST_UNPACKED + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, EOFError, OSError) as fault:
        raise _damaged("zip") from fault


def _tarred(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for entry in archive:
                file = archive.extractfile(entry) if entry.isfile() and _wanted(entry.name) else None
                if file is not None:
                    yield entry.name, file.read(MOST_UNPACKED + 1)
    except (tarfile.TarError, zlib.error, ValueError, EOFError, OSError) as fault:
        raise _damaged("tar") from fault


def _damaged(kind: str) -> TraceError:
    return TraceError(f"The {kind} archive cannot be read.", field="trace", remedy="Pack and send it again.")
