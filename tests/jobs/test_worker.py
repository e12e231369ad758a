"""A worker runs registered functions, keeps their lease, and survives what they do."""

from __future__ import annotations

import pytest
import sample_work

from manyhands import jobs
from manyhands.errors import UnknownJobError
from manyhands.jobs import Duties, Job, Work, WorkerTerms
from manyhands.storage import Database
from manyhands.types import Json, Micros

FUNCTIONS = (
    sample_work.double,
    sample_work.record,
    sample_work.explode,
    sample_work.cancel_itself,
    sample_work.lose_its_lease,
)
DUTIES = Duties({function.__name__: function for function in FUNCTIONS})


def _run(database: Database, kind: str, payload: Json | None = None, lease_s: float = 10.0) -> Job:
    with database.write() as connection:
        posted = jobs.post(connection, Work(kind, payload or {}, max_tries=2), Micros(1))
    assert jobs.run_one(database, DUTIES, WorkerTerms("w", lease_s, 0.01))
    with database.read() as connection:
        return jobs.get(connection, posted)


def test_a_result_is_recorded(database: Database) -> None:
    job = _run(database, "double", {"n": 21})
    assert (job.state, job.result, job.progress, job.checkpoint) == (
        "done",
        {"doubled": 42},
        1.0,
        {"seen": True},
    )
    assert job.note == "halfway"


def test_a_function_may_record_its_outcome_itself(database: Database) -> None:
    job = _run(database, "record")
    assert (job.state, job.result) == ("done", {"recorded": True})
    with database.read() as connection:
        assert jobs.counts(connection) == {("follow-up", "ready"): 1}


def test_a_function_that_raises_is_tried_again(database: Database) -> None:
    job = _run(database, "explode")
    assert (job.state, job.note, job.tries) == ("ready", "ValueError: no fuel", 1)


def test_a_cancelled_function_stops(database: Database) -> None:
    assert _run(database, "cancel_itself", lease_s=0.3).state == "cancelled"


def test_a_function_that_lost_its_lease_keeps_nothing(database: Database) -> None:
    job = _run(database, "lose_its_lease", lease_s=0.3)
    assert (job.state, job.result) == ("claimed", None)


def test_nothing_to_do_is_told(database: Database) -> None:
    assert not jobs.run_one(database, DUTIES, WorkerTerms("w", 10.0, 0.01))


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownJobError, match=r"'fly'.*double"):
        DUTIES.function("fly")
    assert list(DUTIES) == [function.__name__ for function in FUNCTIONS]
