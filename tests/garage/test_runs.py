"""The list of runs says how far they are, and leaves sources and histories where they are."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from manyhands.garage import api as garage
from manyhands.garage.runs import RunOrder
from manyhands.storage import Database
from manyhands.storage.schema import jobs, players, runs
from manyhands.types import Json, Micros
from weighing import weighed

PLAYER = "plr_aaaaaaaaaaaaaaaa"
SOURCE = "def reward_function(params):\n    return 1.0\n" + "#" * 50_000
ORDER = RunOrder(PLAYER, "key-1", "First", SOURCE, "gen-3", "forward", "lidar", "shallow", None, {}, 1.0, 0)
TOLD = {"iterations": [{"number": number, "reward": 0.5} for number in range(2000)], "printed": ["a"] * 2000,
        "seconds": 12.5, "steps": 345, "completion": 0.75, "best_lap_ms": None}  # fmt: skip


@pytest.fixture
def run_id(database: Database) -> str:
    """A run whose coach has told of it."""
    order = ORDER.terms()
    with database.write() as connection:
        connection.execute(insert(players).values(id=PLAYER, name="Ada", created_us=1, consent_us=1))
        connection.execute(
            insert(jobs).values(
                id="job_1", kind="garage.run", payload={}, priority=0, created_us=1, state="claimed",
                progress=0.5, checkpoint=TOLD,
            )
        )  # fmt: skip
        connection.execute(
            insert(runs).values(
                id="run_1",
                player_id=PLAYER,
                idempotency_key="key-1",
                terms=order,
                job_id="job_1",
                created_us=1,
            )
        )
    return "run_1"


def rows(database: Database) -> list[Json]:
    with database.read() as connection:
        found, characters = weighed(connection, lambda asked: garage.listed(asked, PLAYER))
    assert characters < 1000
    return found


def test_the_list_says_what_a_run_of_its_own_says_without_its_history(
    database: Database, run_id: str
) -> None:
    [row] = rows(database)
    with database.read() as connection:
        own = garage.own(connection, run_id, PLAYER)
    assert row == {name: own[name] for name in row}
    assert (row["name"], row["track"], row["state"]) == ("First", "gen-3", "running")
    assert (row["seconds"], row["steps"], row["completion"], row["best_lap_ms"]) == (12.5, 345, 0.75, None)


def test_a_result_goes_before_what_was_told_on_the_way(database: Database, run_id: str) -> None:
    result = {"seconds": 20.0, "best_lap_ms": 9876.0, "faults": [{"line": 1, "message": "wrong"}]}
    with database.write() as connection:
        connection.execute(update(runs).values(result=result))
        connection.execute(update(jobs).values(state="done", finished_us=2))
    [row] = rows(database)
    assert (row["state"], row["seconds"], row["best_lap_ms"]) == ("failed", 20.0, 9876.0)
    assert (row["steps"], row["completion"], row["finished_us"]) == (0, None, 2)


def test_a_run_that_waits_has_nothing_to_tell(database: Database, run_id: str) -> None:
    with database.write() as connection:
        garage.remove(connection, run_id, PLAYER, Micros(2))
        connection.execute(
            insert(jobs).values(id="job_2", kind="garage.run", payload={}, priority=0, created_us=1)
        )
        connection.execute(
            insert(runs).values(
                id="run_2", player_id=PLAYER, idempotency_key="k", terms=ORDER.terms(), job_id="job_2",
                created_us=1,
            )
        )  # fmt: skip
    [row] = rows(database)
    assert (row["state"], row["seconds"], row["steps"], row["completion"]) == ("queued", 0.0, 0, None)
