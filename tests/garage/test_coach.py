"""Runs from request to result: trained, told, stopped, continued by another process, blamed, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from manyhands import jobs
from manyhands.envs.racer import actions
from manyhands.errors import ConflictError, IdempotencyError, InputError, NotFoundError, TransitionError
from manyhands.garage import api as garage
from manyhands.garage import coach as coaching
from manyhands.garage import trace_files
from manyhands.garage.checks import limits_of
from manyhands.garage.coach import Coach, Session
from manyhands.garage.runs import MOST_WAITING, RunOrder
from manyhands.policies import files
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database, open_database
from manyhands.storage.schema import players
from manyhands.types import Json, now_us

PLAYER, OTHER = "plr_aaaaaaaaaaaaaaaa", "plr_bbbbbbbbbbbbbbbb"
TERMS = jobs.WorkerTerms("coach-test", 20.0, 0.05)
SOURCE = """
def reward_function(params):
    if params["steps"] <= 2:
        print("off we go")
    return 1.0 if params["all_wheels_on_track"] else 0.001
"""
# A few steps of few cars: what is tested here is the way of a run, not what it is worth.
ORDER = RunOrder(
    player_id=PLAYER,
    idempotency_key="key-1",
    name="First",
    source=SOURCE,
    track="gen-3",
    direction="forward",
    sensor="lidar",
    network="shallow",
    action_space=actions.DEFAULT_GENERATOR,
    hyperparameters={"num_episodes_between_training": 5, "num_epochs": 3},
    minutes=0.02,
    seed=0,
)


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return Settings(data=tmp_path, database_url=sqlite_url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    found = open_database(settings.url)
    with found.write() as connection:
        for player, name in ((PLAYER, "Ada"), (OTHER, "Bob")):
            connection.execute(
                insert(players).values(id=player, name=name, created_us=now_us(), consent_us=now_us())
            )
    yield found
    found.close()


@pytest.fixture
def coach(database: Database, settings: Settings) -> Coach:
    return new_coach(database, settings, TERMS)


def new_coach(database: Database, settings: Settings, terms: jobs.WorkerTerms) -> Coach:
    folders = (settings.runs, settings.tracks)
    return Coach(database, ContentStore(settings.content), folders, limits_of(settings), terms)


def ask(database: Database, order: RunOrder = ORDER) -> str:
    with database.write() as connection:
        return garage.create(connection, order, now_us())


def read(database: Database, run_id: str) -> Json:
    with database.read() as connection:
        return garage.own(connection, run_id, PLAYER)


def test_a_run_is_trained_told_and_raced(database: Database, coach: Coach, settings: Settings) -> None:
    run_id = ask(database)
    assert read(database, run_id)["state"] == "queued"
    assert coach.step()
    found = read(database, run_id)
    assert (found["state"], found["faults"]) == ("done", [])
    assert found["iterations"][0]["number"] == 0
    assert found["steps"] > 0
    assert "off we go" in found["printed"]
    assert 0.0 <= found["race"]["progress"] <= 100.0
    with database.read() as connection:
        for which in ("best", "latest"):
            data = garage.policy_data(connection, run_id, PLAYER, which, settings)
            assert files.parse(data).sensor["kind"] == "lidar"
        with pytest.raises(NotFoundError):
            garage.policy_data(connection, run_id, OTHER, "best", settings)
        with pytest.raises(NotFoundError):
            garage.trace_file(connection, run_id, OTHER, "csv", settings)
        parts = trace_files.read(garage.trace_file(connection, run_id, PLAYER, "csv", settings), "run.zip")
        log = garage.trace_file(connection, run_id, None, "log", settings).decode()
        told = garage.run_analysis(connection, run_id, PLAYER, None, settings)
    # Every iteration of so short a run is there, with one row more an episode: that before its first action.
    rows = sum(len(part.rows) for part in parts if part.phase == "training")
    assert rows == found["steps"] + 5 * len(found["iterations"])
    assert len(log.splitlines()) == rows
    assert told["track"] == "gen-3"
    assert len(told["by_iteration"]) == len(found["iterations"])
    rewards = [row["training"]["reward"] for row in told["by_iteration"]]
    assert rewards == pytest.approx([row["reward"] for row in found["iterations"]], abs=1e-3)
    assert list(settings.runs.glob("*")) == []


def test_all_that_is_wrong_with_a_reward_function_is_told(database: Database, coach: Coach) -> None:
    source = """
def reward_function(params):
    if params["is_offtrack"]:
        return "none"
    return params['nothing']
"""
    run_id = ask(database, replace(ORDER, source=source))
    assert coach.step()
    found = read(database, run_id)
    assert found["state"] == "failed"
    assert found["iterations"] == []
    assert [fault["line"] for fault in found["faults"]] == [2, 5]
    assert "nothing" in found["faults"][1]["message"]


def test_a_stopped_run_keeps_what_it_has(database: Database, coach: Coach) -> None:
    run_id = ask(database, replace(ORDER, minutes=60.0))
    with database.write() as connection:
        garage.stop(connection, run_id, PLAYER)
    assert coach.step()
    assert read(database, run_id)["state"] == "done"
    with database.write() as connection, pytest.raises(TransitionError):
        garage.stop(connection, run_id, PLAYER)


def test_another_process_goes_on_where_one_was_killed(
    database: Database, coach: Coach, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """As SIGKILL: nothing is written any more."""

    monkeypatch.setattr(coaching, "KEEP_S", 0.0)
    monkeypatch.setattr(coaching, "TELL_S", 0.0)
    tell, told = Session._tell, []

    def dying(self: Session, progress: float, *, at_once: bool = False) -> None:
        tell(self, progress, at_once=at_once)
        told.append(len(self.told["iterations"]))
        if len(told) == 2:
            raise KilledError

    monkeypatch.setattr(Session, "_tell", dying)
    run_id = ask(database, replace(ORDER, minutes=60.0))
    quick = replace(TERMS, lease_s=0.3)
    with pytest.raises(KilledError):
        new_coach(database, settings, quick).step()
    assert told == [1, 2]
    with database.read() as connection:
        assert garage.policy_data(connection, run_id, PLAYER, "latest", settings)
    with database.write() as connection:
        garage.stop(connection, run_id, PLAYER)
    while not coach.step():
        pass
    found = read(database, run_id)
    assert found["state"] == "done"
    assert [row["number"] for row in found["iterations"]] == [0, 1, 2]


def test_a_run_goes_on_from_another(database: Database, coach: Coach) -> None:
    first = ask(database)
    later = replace(ORDER, idempotency_key="key-2", origin={"run_id": first, "which": "best"})
    with pytest.raises(TransitionError):
        ask(database, later)
    assert coach.step()
    with pytest.raises(InputError, match="network"):
        ask(database, replace(later, network="deep"))
    second = ask(database, later)
    assert coach.step()
    assert read(database, second)["state"] == "done"


def test_what_cannot_be_trained_is_refused(database: Database) -> None:
    for wrong, field in (
        (replace(ORDER, source="#" * 140_001), "source"),
        (replace(ORDER, action_space=[]), "actions"),
        (replace(ORDER, hyperparameters={"lr": 1.0}), "lr"),
    ):
        with pytest.raises(InputError) as refused:
            ask(database, wrong)
        assert refused.value.field == field
    run_id = ask(database)
    assert ask(database) == run_id
    with pytest.raises(IdempotencyError):
        ask(database, replace(ORDER, name="Another"))
    for number in range(MOST_WAITING - 1):
        ask(database, replace(ORDER, idempotency_key=f"more-{number}"))
    with pytest.raises(ConflictError):
        ask(database, replace(ORDER, idempotency_key="too-many"))


def test_a_deleted_run_is_dropped(database: Database, coach: Coach) -> None:
    run_id = ask(database)
    with database.write() as connection:
        assert [row["id"] for row in garage.of_player(connection, PLAYER)] == [run_id]
        assert garage.unfinished(connection, {run_id}) == {run_id}
        assert garage.withdraw(connection, PLAYER, now_us()) == 1
        assert garage.unfinished(connection, {run_id}) == set()
    assert not coach.step()
    with pytest.raises(NotFoundError):
        read(database, run_id)
