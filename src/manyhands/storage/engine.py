"""Engine for both databases: what differs between SQLite and PostgreSQL is settled here alone.

Both give a writing transaction the same promise: there is one writer at a time. SQLite does so by
`BEGIN IMMEDIATE`; on PostgreSQL the transaction takes an advisory lock first. Readers never wait.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, event
from sqlalchemy import create_engine as sqlalchemy_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from manyhands.errors import DriverError, SettingsError
from manyhands.storage.folder import make_folder

OLDEST_SQLITE = (3, 51, 3)
"""Earlier versions can corrupt a WAL database when two processes reset the log at once."""
WRITE_OPTION = "manyhands_write"
BUSY_TIMEOUT_S = 10.0
_WRITE_LOCK = 0x4D414E59_48414E44  # "MANYHAND": any constant works, as long as all processes share it


def create_engine(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Return an engine for a `sqlite:///` or `postgresql://` URL.

    SQLite runs in WAL mode with `synchronous=FULL`: a committed transaction survives a power cut.

    Args:
        url: the database's address.
        busy_timeout_s: how long a transaction waits for another's write lock.

    Raises:
        SettingsError: for a URL of another kind.
        DriverError: for an SQLite that is too old, or a driver that is not installed.
    """
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise SettingsError("The database URL cannot be read.", field="database_url") from None
    if backend == "sqlite":
        return _sqlite(url, busy_timeout_s)
    if backend == "postgresql":
        return _postgresql(url, busy_timeout_s)
    raise SettingsError(
        f"Databases of kind {backend!r} are not supported.",
        field="database_url",
        remedy="Use sqlite:/// or postgresql://.",
    )


def check_sqlite(version: tuple[int, ...]) -> None:
    """Refuse an SQLite library with the WAL-reset bug.

    Raises:
        DriverError: if `version` is below `OLDEST_SQLITE`.
    """
    if version < OLDEST_SQLITE:
        found, wanted = (".".join(map(str, numbers)) for numbers in (version, OLDEST_SQLITE))
        raise DriverError(
            f"SQLite {found} can corrupt databases; {wanted} or newer is needed.",
            remedy="Install pysqlite3 0.6.1 or newer.",
        )


def _sqlite(url: str, busy_timeout_s: float) -> Engine:
    check_sqlite(pysqlite3.sqlite_version_info)
    path = make_url(url).database
    if path:
        make_folder(Path(path).parent)
        # A folder that was there before may be open to others. SQLite gives its log the database's own mode,
        # and tells in words why a file cannot be made.
        with contextlib.suppress(OSError):
            Path(path).touch(mode=0o600)
    engine = sqlalchemy_engine(
        url, module=pysqlite3, pool_size=8, max_overflow=56, connect_args={"timeout": busy_timeout_s}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # Transactions begin when we say so, not when the driver guesses a statement writes.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(WRITE_OPTION)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgresql(url: str, busy_timeout_s: float) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    milliseconds = int(busy_timeout_s * 1000)
    try:
        engine = sqlalchemy_engine(
            address,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=24,
            connect_args={"options": f"-c lock_timeout={milliseconds} -c synchronous_commit=on"},
        )
    except ModuleNotFoundError:
        raise DriverError(
            "PostgreSQL needs the psycopg driver, which is not installed.",
            remedy="Run pip install 'manyhands[postgres]'.",
        ) from None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITE_OPTION) == "exclusive":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")

    return engine
