"""Turns what the database drivers raise into one sentence with a remedy."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from manyhands.errors import DatabaseLockedError, DiskFullError, ForeignDatabaseError, StorageError


@dataclass(frozen=True)
class _Fault:
    signs: tuple[str, ...]
    sqlstates: tuple[str, ...]
    error: type[StorageError]
    message: str
    remedy: str | None = None


_FAULTS = (
    _Fault(("disk is full",), ("53100",), DiskFullError, "The disk with the database {place} is full."),
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
            return fault.error(fault.message.format(place=place), remedy=fault.remedy)
    return None


def install(engine: Engine) -> None:
    """Make `engine` raise our errors for the faults that `translate` knows."""
    place = engine.url.database if engine.dialect.name == "sqlite" else engine.url.render_as_string()

    @event.listens_for(engine, "handle_error")
    def _handle(context: ExceptionContext) -> None:
        ours = translate(context.original_exception, str(place))
        if ours is not None:
            raise ours from context.original_exception
