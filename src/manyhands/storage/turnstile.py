"""A fair queue of writers before an SQLite database, across threads and processes.

SQLite has whoever finds the database locked sleep for up to a tenth of a second and try again. A program
that writes many transactions in a row takes the lock anew in between, and the sleeper misses it every time.
Here the next in line already holds a second lock, which the one before needs to come back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from manyhands.errors import DatabaseLockedError
from manyhands.storage.faults import disk_in_words

_SOON_S, _LATE_S = 0.0002, 0.002  # between tries: a flush of the disk takes about as long


class Turnstile:
    """Lets one writer at a time through, in about the order of their coming.

    Its locks are advisory and end with the process that holds them, however that ends.
    """

    def __init__(self, database: str, timeout_s: float) -> None:
        """Prepare the locks beside the file `database`; a writer waits `timeout_s` at most."""
        self._database = database
        self._timeout_s = timeout_s
        self._next, self._turn = (Path(f"{database}-{name}") for name in ("next", "turn"))

    @contextlib.contextmanager
    def pass_through(self) -> Iterator[None]:
        """Hold the turn for the duration of the block.

        Raises:
            DatabaseLockedError: if those before take longer than the timeout.
            DiskFullError: if there is no room for the locks' empty files.
        """
        deadline_s = time.monotonic() + self._timeout_s
        with contextlib.ExitStack() as turn:
            with self._lock(self._next, deadline_s):
                turn.enter_context(self._lock(self._turn, deadline_s))
            yield

    @contextlib.contextmanager
    def _lock(self, path: Path, deadline_s: float) -> Iterator[None]:
        # A descriptor of its own for each holder: threads of a process exclude one another, too.
        with disk_in_words(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            pause_s = _SOON_S
            while not _taken(descriptor):
                if time.monotonic() > deadline_s:
                    raise DatabaseLockedError(
                        f"The database {self._database} stayed locked by another program."
                    )
                time.sleep(pause_s)
                pause_s = min(_LATE_S, 2.0 * pause_s)
            yield
        finally:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
