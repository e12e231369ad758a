"""One jailed process as its runner sees it: orders, answers, deadlines, and no trust."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from manyhands.errors import JailError
from manyhands.garage.rewards.jail import libraries, seccomp, wire
from manyhands.garage.rewards.limits import Limits

_PROGRAM = "import sys; sys.path.insert(0, sys.argv[2]); from jail.serve import main; main(sys.argv[1])"
_PIPE_BYTES = 1 << 20
_END_S = 5.0
_MOST_SAID, _LONGEST_SAID = 200, 500
"""lines that are kept of what was printed, and characters of each: they travel with every state of a run"""
# What NumPy, SciPy and the C library choose their machine code by, beside the processor.
_ARITHMETIC = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "GLIBC_TUNABLES",
)
_SLICE_S = 0.05
_STARVED = 10
"""How many times the patience somebody is waited for whom other programs keep from the processor."""
SPOKE = "It wrote to the pipe of its results."


def shown(text: bytes) -> str:
    """A stranger's text as one line without control characters, which terminals would obey."""
    return "".join(sign if sign.isprintable() else " " for sign in text.decode("utf-8", "replace"))


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_SAID else f"{line[: _LONGEST_SAID - 1]}…"


class BrokenError(Exception):
    """The process died, was ended, or did not keep to the form; the text says which."""


@dataclass(frozen=True)
class Answer:
    """One answer: kind, its two numbers, its body."""

    kind: bytes
    first: int
    second: int
    body: bytes

    def fault(self) -> tuple[int, int, str]:
        """Line, class and text of a FAULT. Raises BrokenError for any other answer."""
        if self.kind != wire.FAULT:
            raise BrokenError(SPOKE)
        line, kind, words = wire.FAULT_BODY.unpack(self.body)
        return max(0, line), kind, shown(words.rstrip(b"\0"))

    def values(self) -> NDArray[np.float64]:
        """The numbers of VALUES. Raises BrokenError for any other answer."""
        if self.kind != wire.VALUES:
            raise BrokenError(SPOKE)
        return np.frombuffer(self.body, "<f8")


class JailedProcess:
    """A fresh Python under lock, for one source.

    The thread that makes it must outlive it: the kernel ends the process with that thread.
    """

    def __init__(self, source: str, limits: Limits) -> None:
        """Start it; `ready` waits for the lock. Raises JailError where the system offers no jail."""
        if limits.jailed and not seccomp.offered():
            raise JailError(
                f"Reward functions run in a jail that {sys.platform} does not offer.",
                remedy="Use Linux, or set MANYHANDS_REWARDS_WITHOUT_JAIL=true (INSECURE) for your own.",
            )
        self._limits = limits
        self._said: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="manyhands-reward-")
        read_orders, self._orders = os.pipe()
        self._answers, write_answers = os.pipe()
        terms = {
            "pipes": [read_orders, write_answers],
            "libraries": libraries.wanted(source),
            "confinement": {
                "memory_bytes": limits.memory_bytes,
                "cpu_s": limits.cpu_s,
                "parent": os.getpid(),
                "jailed": limits.jailed,
            },
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-c", _PROGRAM, json.dumps(terms), str(Path(__file__).parent)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(read_orders, write_answers),
                cwd=self._folder.name,
                env=_environment(),
                start_new_session=True,
            )
        finally:
            os.close(read_orders)
            os.close(write_answers)
        _widen(self._orders)
        _widen(self._answers)
        os.set_blocking(self._orders, False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Its empty working folder."""
        return Path(self._folder.name)

    def ready(self) -> None:
        """Wait until it is locked. Raises JailError with the cause where it cannot be."""
        try:
            for answer in self.answers(self._limits.start_s, last=wire.READY):
                raise JailError(f"The jail cannot be built: {answer.fault()[2]}.")
        except BrokenError as cause:
            raise JailError(f"The jail cannot be built: {cause}") from cause

    def order(self, kind: bytes, first: int = 0, second: int = 0, body: bytes = b"") -> None:
        """Send an order whole. Raises BrokenError, also when it has said anything without being asked."""
        if _ready(self._answers, select.POLLIN, 0.0):
            raise BrokenError(self._death() or SPOKE)
        data = memoryview(wire.ORDER.pack(kind, first, second, len(body)) + body)
        until_s = time.monotonic() + self._limits.pause_s
        while data:
            if not _ready(self._orders, select.POLLOUT, until_s - time.monotonic()):
                raise BrokenError("It took too long.")
            try:
                data = data[os.write(self._orders, data) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise BrokenError(self._death() or "It closed the pipe of its orders.") from None

    def answers(
        self, patience_s: float, most: int = wire.MOST_FAULTS, last: bytes = wire.DONE
    ) -> Iterator[Answer]:
        """Answers up to `last`, at most so many and so far apart, less the prints. Raises BrokenError."""
        for _ in range(most + 2):  # what was printed comes beside them
            answer = self._answer(patience_s)
            if answer.kind == last:
                return
            if answer.kind == wire.SAID:
                lines = [_cut(shown(line)) for line in answer.body.splitlines()]
                self._said = (self._said + lines)[-_MOST_SAID:]
            else:
                yield answer
        raise BrokenError(SPOKE)

    def printed(self) -> list[str]:
        """Lines printed since the last call of this, the last 200 at most and 500 characters of each."""
        said, self._said = self._said, []
        return said

    def close(self) -> None:
        """End it, whatever it does."""
        for descriptor in (self._orders, self._answers):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._process.kill()
        self._process.wait(_END_S)
        self._folder.cleanup()

    def _answer(self, patience_s: float) -> Answer:
        wait = _Wait(self._process.pid, patience_s)
        kind, first, second, size = wire.ANSWER.unpack(self._read(wire.ANSWER.size, wait))
        sizes = {
            wire.VALUES: 8 * second,
            wire.FAULT: wire.FAULT_BODY.size,
            wire.SAID: min(size, wire.SAID_BYTES),
            wire.DONE: 0,
            wire.READY: 0,
        }
        if sizes.get(kind) != size or second > _PIPE_BYTES:
            raise BrokenError(SPOKE)
        return Answer(kind, first, second, self._read(size, wait) if size else b"")

    def _read(self, size: int, wait: _Wait) -> bytes:
        """Exactly so many bytes; when the time is over, it is asked to end its call, then given up."""
        parts, asked, until_s = [], False, wait.until_s
        while size:
            if not _ready(self._answers, select.POLLIN, until_s - time.monotonic()):
                if asked:
                    raise BrokenError("It took too long and did not end when asked to.")
                if wait.starved:
                    until_s = time.monotonic() + _SLICE_S
                    continue
                asked, until_s = True, time.monotonic() + self._limits.grace_s
                self._process.send_signal(signal.SIGALRM)
                continue
            part = os.read(self._answers, size)
            if not part:
                raise BrokenError(self._death() or "It closed the pipe of its results.")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _death(self) -> str:
        """How it ended, empty if it has not."""
        try:
            code = self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            return ""
        if code >= 0:
            return f"It ended its process with code {code}."
        name = signal.Signals(-code).name
        return f"Its process was ended by {name}, as happens when it takes too much memory or stack."


class _Wait:
    """How long an answer is waited for: so many seconds that the process could compute.

    On a busy machine a call that needs .2 s of a processor may not get them within seconds. Whether a
    function is too slow must not depend on what else runs there.
    """

    def __init__(self, pid: int, patience_s: float) -> None:
        self._pid, self._patience_s = pid, patience_s
        self._begun_s, self._had_s = time.monotonic(), self._computed_s()

    @property
    def until_s(self) -> float:
        """When, on the monotonic clock, it is over for a process that had a processor to itself."""
        return self._begun_s + self._patience_s

    @property
    def starved(self) -> bool:
        """Whether the process would compute and has not been let for as long."""
        if time.monotonic() - self._begun_s > _STARVED * self._patience_s:
            return False
        return self._computed_s() - self._had_s < self._patience_s and self._is_willing()

    def _computed_s(self) -> float:
        """Processor time of the process so far; 0 where the system does not tell it."""
        with contextlib.suppress(OSError):
            return time.clock_gettime(~self._pid << 3 | 2)  # Linux's clock of a process, by its id
        return 0.0

    def _is_willing(self) -> bool:
        """Whether it is neither asleep of its own nor dead."""
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0] in "RDT"
        return False


def _ready(descriptor: int, event: int, patience_s: float) -> bool:
    """Whether something happens on a descriptor, or its other end is gone, within so many seconds."""
    watch = select.poll()
    watch.register(descriptor, event)
    return bool(watch.poll(max(0.0, 1e3 * patience_s)))


def _environment() -> dict[str, str]:
    """A closed environment: of this process's own only what decides which machine code does the arithmetic.

    Sums come out different in their last bits with other code, and those of a plain interpreter are wanted.
    """
    arithmetic = {name: os.environ[name] for name in _ARITHMETIC if name in os.environ}
    threads = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    return {
        **arithmetic,
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        "PYTHONHASHSEED": "0",  # the same run twice gives the same rewards
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "TZ": "UTC0",
    }


def _widen(pipe: int) -> None:
    """More room in a pipe, so that a batch takes few turns; a user may have used up his share."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
