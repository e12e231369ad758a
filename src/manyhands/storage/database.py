"""The open database: reading and writing transactions over a schema that is up to date."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from manyhands.errors import StorageError
from manyhands.storage import faults
from manyhands.storage.engine import BUSY_TIMEOUT_S, WRITE_OPTION, create_engine
from manyhands.storage.schema import counters
from manyhands.storage.turnstile import Turnstile

_EXCLUSIVE = "exclusive"
_DRAW = (
    update(counters)
    .where(counters.c.name == bindparam("counter"))
    .values(value=counters.c.value + bindparam("count"))
    .returning(counters.c.value)
)


class Database:
    """Hands out transactions; safe to share between threads, never between processes.

    Get one from `open_database`.
    """

    def __init__(self, engine: Engine, turnstile: Turnstile | None = None) -> None:
        self.engine = engine
        self._turnstile = turnstile
        self._read_options: dict[str, Any] = (
            {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            if engine.dialect.name == "postgresql"
            else {}
        )

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot; whatever is written in it is rolled back."""
        with self.engine.connect().execution_options(**self._read_options) as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """The one writing transaction of this moment; commits at the end, rolls back on an error.

        Raises:
            DatabaseLockedError: if another program keeps writing for too long.
            DiskFullError: if there is no room; nothing is changed.
            DiskError: if the disk refuses the write in another way; nothing is changed.
        """
        with self._begin(_EXCLUSIVE) as connection:
            yield connection

    @contextlib.contextmanager
    def touch(self) -> Iterator[Connection]:
        """A writing transaction for single rows that their holder alone changes, such as a lease.

        On PostgreSQL it does not wait for the writer of `write`; money and numbering must not use it.
        """
        with self._begin("shared") as connection:
            yield connection

    @contextlib.contextmanager
    def _begin(self, option: str) -> Iterator[Connection]:
        turn = self._turnstile.pass_through() if self._turnstile else contextlib.nullcontext()
        connection = self.engine.connect().execution_options(**{WRITE_OPTION: option})
        with connection, turn, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def open_database(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Database:
    """Open the database at `url`, create it if there is none, and bring its schema up to date.

    Args:
        url: `sqlite:///PATH` or `postgresql://…`.
        busy_timeout_s: how long a transaction waits for another's write lock.

    Raises:
        ForeignDatabaseError: if it holds another program's tables, or those of a newer version.
        DatabaseLockedError, DiskError, DriverError, StorageError: with the sentence for the user.
    """
    # Alembic takes .15 s to import, which commands without a database need not wait for.
    from manyhands.storage import migrate

    engine = create_engine(url, busy_timeout_s=busy_timeout_s)
    faults.install(engine)
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    database = Database(engine, Turnstile(path, busy_timeout_s) if path else None)
    try:
        with database.read() as connection:
            current = migrate.is_current(connection)
        if not current:
            with database.write() as connection:
                migrate.upgrade(connection)
    except BaseException:
        database.close()
        raise
    return database


def require_exclusive(connection: Connection) -> None:
    """Check that `connection` is inside `Database.write`.

    Raises:
        StorageError: otherwise; numbering and money rely on being the only writer.
    """
    if connection.get_execution_options().get(WRITE_OPTION) != _EXCLUSIVE:
        raise StorageError(
            "This change needs the exclusive writing transaction.", remedy="Run it inside Database.write()."
        )


def next_number(connection: Connection, counter: str, count: int = 1) -> int:
    """Draw `count` consecutive numbers from a counter and return the first; they have no gaps."""
    require_exclusive(connection)
    value = connection.execute(_DRAW, {"counter": counter, "count": count}).scalar_one()
    return int(value) - count + 1


def last_number(connection: Connection, counter: str) -> int:
    """Return the number that a counter gave last, 0 if it gave none."""
    return int(connection.execute(select(counters.c.value).where(counters.c.name == counter)).scalar_one())
