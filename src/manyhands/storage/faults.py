"""Turns what the database drivers and the file system raise into one sentence with a remedy."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from manyhands.errors import (
    DatabaseLockedError,
    DiskError,
    DiskFullError,
    ForeignDatabaseError,
    StorageError,
)

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EFBIG, errno.EIO)
_ROOM_BYTES = 128 * 1024  # what SQLite needs to open a database that is there: its index of the log, and more


@dataclass(frozen=True)
class _Fault:
    signs: tuple[str, ...]
    sqlstates: tuple[str, ...]
    error: type[StorageError]
    message: str
    remedy: str | None = None
    if_room: bool = False  # where the disk is full, that is the fault, although SQLite does not say so


_FULL_DISK = _Fault(
    ("disk is full",), ("53100",), DiskFullError, "The disk with the database {place} is full."
)
_FAULTS = (
    _FULL_DISK,
    _Fault(
        ("disk i/o error",),
        ("58030",),
        DiskError,
        "The disk with the database {place} cannot be read or written.",
        if_room=True,
    ),
    _Fault(
        ("database is locked", "table is locked"),
        ("55P03",),
        DatabaseLockedError,
        "The database {place} stayed locked by another program.",
    ),
    _Fault(("file is not a database",), (), ForeignDatabaseError, "{place} is not an SQLite database."),
    _Fault(
        ("disk image is malformed",),
        ("XX001", "XX002"),
        StorageError,
        "The database {place} is damaged.",
        "Restore it from a backup with `manyhands restore`.",
    ),
    _Fault(
        ("readonly database", "unable to open database"),
        ("25006",),
        StorageError,
        "The database {place} cannot be opened for writing.",
        "Make its folder writable.",
        if_room=True,
    ),
    _Fault(
        ("connection failed", "connection refused", "connection to server", "failed to resolve host"),
        ("57P03",),
        StorageError,
        "The database server at {place} does not answer.",
        "Start it, or correct the database URL.",
    ),
)


def translate(error: BaseException, place: str) -> StorageError | None:
    """Return our error for a driver's, or None where the driver's own says more.

    Args:
        error: what pysqlite3 or psycopg raised.
        place: the database's address as the message should show it.
    """
    state = getattr(error, "sqlstate", None)
    text = str(error).lower()
    for fault in _FAULTS:
        if state in fault.sqlstates or any(sign in text for sign in fault.signs):
            found = _FULL_DISK if fault.if_room and not _has_room(place) else fault
            return found.error(found.message.format(place=place), remedy=found.remedy)
    return None


def _has_room(place: str) -> bool:
    """Whether the disk with the file `place` has space to speak of; True for what is no file."""
    try:
        return shutil.disk_usage(Path(place).parent).free >= _ROOM_BYTES
    except OSError:
        return True


@contextlib.contextmanager
def disk_in_words(place: Path) -> Iterator[None]:
    """Turn a full or failing disk's OSError into ours; every other one passes.

    Args:
        place: the file or folder that is written, as the message should show it.

    Raises:
        DiskFullError, DiskError: instead of the OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(f"The disk with {place} is full.") from error
        if error.errno in _REFUSED:
            raise DiskError(f"The disk with {place} refuses the write: {error.strerror}.") from error
        raise


def install(engine: Engine) -> None:
    """Make `engine` raise our errors for the faults that `translate` knows."""
    place = engine.url.database if engine.dialect.name == "sqlite" else engine.url.render_as_string()

    @event.listens_for(engine, "handle_error")
    def _handle(context: ExceptionContext) -> None:
        ours = translate(context.original_exception, str(place))
        if ours is not None:
            raise ours from context.original_exception
