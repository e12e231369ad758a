"""Transactions, numbering and the refusal of databases that are not ours."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect, select

from manyhands.errors import DatabaseLockedError, ForeignDatabaseError, StorageError
from manyhands.storage import Database, migrate, open_database
from manyhands.storage.database import last_number, next_number
from manyhands.storage.schema import accounts, incidents, metadata


def _incident(message: str) -> sqlalchemy.Insert:
    return insert(incidents).values(source="test", kind="note", message=message, created_us=1)


def _messages(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(incidents.c.message).order_by(incidents.c.id)).scalars())


def test_write_commits_and_an_error_takes_everything_back(database: Database) -> None:
    with database.write() as connection:
        connection.execute(_incident("kept"))

    def change_and_fail() -> None:
        with database.write() as connection:
            connection.execute(_incident("dropped"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert _messages(database) == ["kept"]


def test_read_sees_one_moment_and_keeps_nothing(database: Database) -> None:
    with database.read() as reader:
        before = reader.execute(select(incidents)).all()
        with database.write() as connection:
            connection.execute(_incident("later"))
        assert reader.execute(select(incidents)).all() == before == []
    assert _messages(database) == ["later"]


def test_numbers_have_no_gaps_across_rollbacks_and_threads(database: Database) -> None:
    drawn: list[int] = []

    def draw() -> None:
        for _ in range(10):
            with database.write() as connection:
                drawn.append(next_number(connection, "events", 2))

    def draw_and_fail() -> None:
        with database.write() as connection:
            next_number(connection, "events")
            raise ZeroDivisionError

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    with pytest.raises(ZeroDivisionError):
        draw_and_fail()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == list(range(1, 60, 2))
    with database.read() as connection:
        assert last_number(connection, "events") == 60


def test_numbers_are_refused_outside_the_exclusive_transaction(database: Database) -> None:
    for transaction in (database.read, database.touch):
        with transaction() as connection, pytest.raises(StorageError, match="exclusive"):
            next_number(connection, "events")


def test_the_database_itself_refuses_an_overdrawn_wallet(database: Database) -> None:
    row = {"name": "wallet:plr_a", "balance_micro": -1, "created_us": 1}
    with pytest.raises(sqlalchemy.exc.IntegrityError), database.write() as connection:
        connection.execute(insert(accounts).values(row))


def test_migrations_lead_to_the_declared_schema(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrate.VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
        for table in metadata.sorted_tables:
            declared = {str(c.name) for c in table.constraints if isinstance(c, sqlalchemy.CheckConstraint)}
            found = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert found == declared, table.name


def test_opening_again_changes_nothing(database_url: str, database: Database) -> None:
    with database.write() as connection:
        connection.execute(_incident("kept"))
    again = open_database(database_url)
    assert _messages(again) == ["kept"]
    again.close()


def test_two_processes_may_create_the_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'manyhands.db'}"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=open_database, args=(url,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]


def test_another_programs_database_is_refused(own_database_url: str) -> None:
    database = open_database(own_database_url)
    with database.write() as connection:
        connection.exec_driver_sql(f"DROP TABLE {migrate.VERSION_TABLE}")
    database.close()
    with pytest.raises(ForeignDatabaseError, match="another program"):
        open_database(own_database_url)


def test_a_newer_versions_database_is_refused(own_database_url: str) -> None:
    database = open_database(own_database_url)
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'")
    database.close()
    with pytest.raises(ForeignDatabaseError, match="newer version"):
        open_database(own_database_url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manyhands.db"
    path.write_bytes(b"this is a diary, not a database" * 100)
    with pytest.raises(ForeignDatabaseError, match="not an SQLite database"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is a diary")


def test_a_locked_database_is_told_in_one_sentence(sqlite_url: str) -> None:
    holder, waiter = open_database(sqlite_url), open_database(sqlite_url, busy_timeout_s=0.01)
    with holder.write(), pytest.raises(DatabaseLockedError, match="locked"), waiter.write():
        pass
    holder.close()
    waiter.close()


def test_a_locked_postgresql_database_is_told_in_one_sentence(postgres_url: str) -> None:
    holder, waiter = open_database(postgres_url), open_database(postgres_url, busy_timeout_s=0.01)
    with holder.write(), pytest.raises(DatabaseLockedError, match="locked"), waiter.write():
        pass
    holder.close()
    waiter.close()


def test_a_place_that_is_no_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "manyhands.db").mkdir()
    with pytest.raises(StorageError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'manyhands.db'}")


def test_a_server_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not answer"):
        open_database(f"postgresql://nobody@/nothing?host={tmp_path}")
