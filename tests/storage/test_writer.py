"""Group commit: one bad change fails alone, a failed commit fails all, a full queue refuses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from manyhands.errors import DiskFullError, OverloadedError
from manyhands.storage import Database, GroupWriter, open_database
from manyhands.storage.schema import incidents, players, secrets


@pytest.fixture
def writer(database: Database) -> Iterator[GroupWriter]:
    writer = GroupWriter(database, capacity=50, patience=50)
    writer.start()
    yield writer
    writer.close()


def _note(connection: Connection, message: str) -> str:
    connection.execute(insert(incidents).values(source="t", kind="n", message=message, created_us=1))
    return message


def _count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(incidents)).scalar_one()


def test_what_is_answered_is_durable(database: Database, writer: GroupWriter) -> None:
    futures = [writer.submit(lambda c, i=i: _note(c, str(i))) for i in range(30)]
    assert [future.result() for future in futures] == [str(i) for i in range(30)]
    assert _count(database) == 30


def test_one_failing_change_is_taken_back_alone(database: Database, writer: GroupWriter) -> None:
    def halfway(connection: Connection) -> None:
        _note(connection, "half")
        raise ValueError("changed my mind")

    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(insert(secrets).values(name="a", value="b", created_us=1))

    held = threading.Event()
    blocker = writer.submit(lambda _: held.wait())
    good, bad, worse, last = (
        writer.submit(change) for change in (lambda c: _note(c, "1"), halfway, twice, lambda c: _note(c, "2"))
    )
    held.set()
    blocker.result()
    assert (good.result(), last.result()) == ("1", "2")
    assert isinstance(bad.exception(), ValueError)
    assert isinstance(worse.exception(), IntegrityError)
    assert _count(database) == 2


def test_a_commit_that_fails_fails_the_whole_group(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = GroupWriter(database)
    futures = [writer.submit(lambda c: _note(c, "x")) for _ in range(3)]
    original = database.write

    class Failing:
        def __enter__(self) -> Connection:
            self.inner = original()
            return self.inner.__enter__()

        def __exit__(self, *_: object) -> None:
            error = DiskFullError("The disk is full.")
            self.inner.__exit__(type(error), error, None)
            raise error

    monkeypatch.setattr(database, "write", Failing)
    writer.start()
    assert {type(future.exception()) for future in futures} == {DiskFullError}
    writer.close()
    assert _count(database) == 0


def test_a_disk_that_is_full_inside_a_change_fails_the_whole_group(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    writer = GroupWriter(database)

    def huge(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        _note(connection, "x" * 1_000_000)

    futures = [writer.submit(lambda c: _note(c, "small")), writer.submit(huge)]
    writer.start()
    assert [type(future.exception()) for future in futures] == [DiskFullError, DiskFullError]
    writer.close()
    assert _count(database) == 0
    database.close()


def test_a_full_queue_refuses_and_recovers(database: Database, writer: GroupWriter) -> None:
    held = threading.Event()
    begun = threading.Event()

    def block(_: Connection) -> None:
        begun.set()
        held.wait()

    writer.submit(block)
    begun.wait()
    waiting = [writer.submit(lambda c: _note(c, "x")) for _ in range(50)]
    assert writer.waiting == 50
    with pytest.raises(OverloadedError, match="50 writes") as caught:
        writer.submit(lambda c: _note(c, "x"))
    assert caught.value.retry_after_s > 0
    held.set()
    for future in waiting:
        future.result()
    assert writer.submit(lambda c: _note(c, "after")).result() == "after"


def test_pressing_changes_go_first_and_have_room_of_their_own(
    database: Database, writer: GroupWriter
) -> None:
    held = threading.Event()
    begun = threading.Event()
    order: list[str] = []

    def block(_: Connection) -> None:
        begun.set()
        held.wait()

    writer.submit(block)
    begun.wait()
    others = [writer.submit(lambda _: order.append("other")) for _ in range(50)]
    with pytest.raises(OverloadedError):
        writer.submit(lambda _: order.append("other"))
    pressing = [writer.submit(lambda _: order.append("pressing"), pressing=True) for _ in range(50)]
    with pytest.raises(OverloadedError):
        writer.submit(lambda _: order.append("pressing"), pressing=True)
    held.set()
    for future in [*others, *pressing]:
        future.result()
    assert order == ["pressing"] * 50 + ["other"] * 50


def test_a_cancelled_change_is_not_begun(database: Database, writer: GroupWriter) -> None:
    held = threading.Event()
    blocker = writer.submit(lambda _: held.wait())
    dropped = writer.submit(lambda c: _note(c, "x"))
    cancelled = dropped.cancel()
    held.set()
    blocker.result()
    writer.submit(lambda _: None).result()
    assert _count(database) == (0 if cancelled else 1)


def test_closing_commits_what_waits_and_refuses_more(database: Database) -> None:
    writer = GroupWriter(database)
    futures = [writer.submit(lambda c: _note(c, "x")) for _ in range(5)]
    writer.start()
    writer.close()
    assert all(future.done() for future in futures)
    assert _count(database) == 5
    with pytest.raises(OverloadedError, match="stopping"):
        writer.submit(lambda c: _note(c, "x"))


def test_it_serves_asyncio(database: Database, writer: GroupWriter) -> None:
    async def main() -> list[str]:
        waits = [asyncio.wrap_future(writer.submit(lambda c, i=i: _note(c, str(i)))) for i in range(5)]
        return await asyncio.gather(*waits)

    assert asyncio.run(main()) == ["0", "1", "2", "3", "4"]
    with database.read() as connection:
        assert connection.execute(select(players)).all() == []
