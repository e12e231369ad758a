"""The life of a job: who may take it, hold it, finish it, and in which order."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from manyhands import jobs
from manyhands.errors import (
    JobCancelledError,
    LeaseLostError,
    ManyhandsError,
    NotFoundError,
    TransitionError,
)
from manyhands.jobs import Job, Rank, Work
from manyhands.storage import Database
from manyhands.storage.schema import incidents
from manyhands.types import CampaignId, JobId, Micros

LEASE_S = 10.0
SECOND = 1_000_000


def _post(database: Database, kind: str = "value", at: int = 1, **fields: Any) -> JobId:
    with database.write() as connection:
        return jobs.post(connection, Work(kind, {"kind": kind}, **fields), Micros(at))


def _claim(
    database: Database, at: int = 100, kinds: tuple[str, ...] = ("value",), limit: int = 1
) -> list[Job]:
    with database.touch() as connection:
        return jobs.claim(connection, kinds, "w", Micros(at), lease_s=LEASE_S, limit=limit)


def _one(database: Database, at: int = 100) -> Job:
    (job,) = _claim(database, at)
    return job


def _get(database: Database, job: JobId) -> Job:
    with database.read() as connection:
        return jobs.get(connection, job)


def _do(database: Database, step: Callable[..., None], *arguments: Any, **named: Any) -> None:
    with database.write() as connection:
        step(connection, *arguments, **named)


def test_a_job_is_claimed_worked_on_and_finished(database: Database) -> None:
    posted = _post(database, campaign=CampaignId("cmp_a"))
    job = _one(database)
    assert (job.id, job.kind, job.payload, job.campaign_id) == (posted, "value", {"kind": "value"}, "cmp_a")
    assert (job.state, job.worker, job.tries, job.lease_until_us) == ("claimed", "w", 1, 100 + 10 * SECOND)
    assert _claim(database) == []
    _do(
        database,
        jobs.heartbeat,
        job,
        Micros(200),
        lease_s=LEASE_S,
        progress=7.0,
        note="half",
        checkpoint={"step": 3},
    )
    held = _get(database, posted)
    assert (held.progress, held.note, held.checkpoint) == (1.0, "half", {"step": 3})
    assert held.lease_until_us == 200 + 10 * SECOND
    _do(database, jobs.finish, job, {"value": 2}, Micros(300))
    done = _get(database, posted)
    assert (done.state, done.result, done.finished_us, done.started_us) == ("done", {"value": 2}, 300, 100)
    assert _claim(database, at=10**15) == []


def test_judging_precedes_training_and_older_precede_younger(database: Database) -> None:
    training = _post(database, "train", at=1, rank=Rank.TRAINING)
    chore = _post(database, "value", at=1, rank=Rank.CHORES)
    young = _post(database, at=9)
    old = _post(database, at=2)
    taken = _claim(database, kinds=("value", "train"), limit=9)
    assert [job.id for job in taken] == [old, young, training, chore]


def test_a_worker_gets_only_the_kinds_it_can_do_and_the_number_it_asks_for(database: Database) -> None:
    _post(database, "train")
    values = [_post(database, at=at) for at in (1, 2, 3)]
    assert [job.id for job in _claim(database, limit=2)] == values[:2]
    assert [job.id for job in _claim(database, limit=2)] == values[2:]


def test_work_under_a_known_key_is_posted_once(database: Database) -> None:
    first = _post(database, unique_key="value:att_1")
    assert _post(database, unique_key="value:att_1") == first
    assert _post(database, unique_key="value:att_2") != first


def test_work_may_have_to_wait(database: Database) -> None:
    _post(database, not_before=Micros(500))
    assert _claim(database, at=499) == []
    assert len(_claim(database, at=500)) == 1


def test_a_silent_workers_job_goes_to_another_and_the_first_is_told(database: Database) -> None:
    _post(database)
    first = _one(database, at=0)
    assert _claim(database, at=10 * SECOND - 1) == []
    second = _one(database, at=10 * SECOND)
    assert (second.id, second.tries) == (first.id, 2)
    late: list[tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]] = [
        (jobs.heartbeat, (Micros(1),), {"lease_s": LEASE_S}),
        (jobs.finish, ({}, Micros(1)), {}),
        (jobs.fail, ("late", Micros(1)), {}),
        (jobs.fail, ("late", Micros(1)), {}),
        (jobs.stop, (Micros(1),), {}),
    ]
    for step, arguments, named in late:
        with pytest.raises(LeaseLostError):
            _do(database, step, first, *arguments, **named)
        with pytest.raises(LeaseLostError):
            _do(database, step, dataclasses.replace(first, tries=99), *arguments, **named)
    assert _get(database, first.id) == second
    _do(database, jobs.finish, second, {}, Micros(1))


def test_an_outcome_without_its_lease_is_not_recorded(database: Database) -> None:
    _post(database)
    first = _one(database, at=0)
    _one(database, at=10 * SECOND)

    def record() -> None:
        with database.write() as connection:
            jobs.post(connection, Work("outcome", {}), Micros(1))
            jobs.finish(connection, first, {}, Micros(1))

    with pytest.raises(LeaseLostError):
        record()
    assert _claim(database, kinds=("outcome",)) == []


def test_a_failed_try_waits_longer_each_time_and_then_fails_with_an_incident(database: Database) -> None:
    posted = _post(database, max_tries=3)
    at, pauses = 0, []
    for _ in range(2):
        _do(database, jobs.fail, _one(database, at), "it broke", Micros(at))
        step = 50_000
        pause = next(p for p in range(step, 10**9, step) if _claimable(database, at + p))
        pauses.append(pause)
        at += pause
    assert pauses == [200_000, 400_000]
    _do(database, jobs.fail, _one(database, at), "it broke", Micros(at))
    job = _get(database, posted)
    assert (job.state, job.note, job.tries) == ("failed", "it broke", 3)
    with database.read() as connection:
        message = connection.execute(select(incidents.c.message)).scalar_one()
    assert posted in message
    assert "it broke" in message


def _claimable(database: Database, at: int) -> bool:
    with database.write() as connection:
        savepoint = connection.begin_nested()
        found = jobs.claim(connection, ["value"], "w", Micros(at), lease_s=LEASE_S)
        savepoint.rollback()
    return bool(found)


def test_a_job_that_kills_its_workers_is_given_up(database: Database) -> None:
    posted = _post(database, max_tries=2)
    at = 0
    for _ in range(2):
        _one(database, at)
        at += 20 * SECOND
    assert _claim(database, at) == []
    assert _get(database, posted).state == "failed"
    with database.read() as connection:
        assert "died each time" in connection.execute(select(incidents.c.message)).scalar_one()


def test_a_waiting_job_is_cancelled_at_once_and_resumed(database: Database) -> None:
    posted = _post(database)
    _do(database, jobs.cancel, posted, Micros(5))
    assert (_get(database, posted).state, _get(database, posted).finished_us) == ("cancelled", 5)
    assert _claim(database) == []
    _do(database, jobs.resume, posted)
    assert _one(database).id == posted


def test_a_held_job_is_cancelled_by_its_worker_and_resumes_from_its_checkpoint(database: Database) -> None:
    posted = _post(database)
    job = _one(database)
    _do(database, jobs.heartbeat, job, Micros(1), lease_s=LEASE_S, checkpoint={"step": 3})
    _do(database, jobs.cancel, posted, Micros(5))
    with pytest.raises(JobCancelledError):
        _do(database, jobs.heartbeat, job, Micros(6), lease_s=LEASE_S)
    _do(database, jobs.stop, job, Micros(7))
    _do(database, jobs.resume, posted)
    again = _one(database)
    assert (again.id, again.checkpoint, again.tries) == (posted, {"step": 3}, 1)


def test_a_job_whose_worker_died_after_the_cancel_is_not_started_again(database: Database) -> None:
    posted = _post(database)
    _one(database, at=0)
    _do(database, jobs.cancel, posted, Micros(5))
    assert _claim(database, at=20 * SECOND) == []
    assert _get(database, posted).state == "cancelled"


def test_ended_jobs_are_not_cancelled_and_running_ones_not_resumed(database: Database) -> None:
    posted = _post(database)
    job = _one(database)
    with pytest.raises(TransitionError, match="claimed"):
        _do(database, jobs.resume, posted)
    _do(database, jobs.finish, job, {}, Micros(5))
    for step, arguments in ((jobs.cancel, (posted, Micros(6))), (jobs.resume, (posted,))):
        with pytest.raises(TransitionError, match="done"):
            _do(database, step, *arguments)


@pytest.mark.parametrize("step", ["get", "cancel", "resume"])
def test_unknown_jobs_are_named(database: Database, step: str) -> None:
    arguments = (JobId("job_none"), Micros(1)) if step == "cancel" else (JobId("job_none"),)
    with pytest.raises(NotFoundError, match="job_none"):
        _do(database, getattr(jobs, step), *arguments)


def test_counts_tell_what_waits_and_runs(database: Database) -> None:
    for at in (1, 2, 3):
        _post(database, at=at)
    _post(database, "train")
    _do(database, jobs.finish, _one(database), {}, Micros(1))
    _one(database)
    with database.read() as connection:
        assert jobs.counts(connection) == {
            ("value", "ready"): 1,
            ("value", "claimed"): 1,
            ("train", "ready"): 1,
        }


def test_claimers_at_once_never_share_a_job(database: Database) -> None:
    posted = {_post(database, at=at) for at in range(40)}
    taken: list[JobId] = []
    trouble: list[ManyhandsError] = []

    def work() -> None:
        try:
            while claimed := _claim(database, limit=3):
                taken.extend(job.id for job in claimed)
        except ManyhandsError as error:
            trouble.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    # On PostgreSQL a claimer may find every row locked and stop early; what is left is still waiting.
    while claimed := _claim(database, limit=40):
        taken.extend(job.id for job in claimed)
    assert len(taken) == len(posted)
    assert set(taken) == posted
