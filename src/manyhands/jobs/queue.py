"""Durable jobs: post, claim, keep alive, finish; a claim is a lease in the database.

A worker may die at any moment: its lease runs out and another claims the job again. Each claim raises
the job's claim number, and whoever reports with an older one is told that the lease is lost. Work is
therefore done at least once, and *recorded* exactly once: `finish` belongs into the transaction that
records the result.

    ready ──claim──▶ claimed ──finish──▶ done
      ▲                 │ ├──fail (tries used up)──▶ failed
      └──────fail───────┘ └──stop──▶ cancelled

`cancel` sets a ready job cancelled and asks the worker of a claimed one to stop; `resume` sets a failed or
cancelled job ready.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, and_, bindparam, func, insert, or_, select, update

from manyhands.errors import JobCancelledError, LeaseLostError, NotFoundError, TransitionError
from manyhands.storage.schema import incidents, jobs
from manyhands.types import MICROS_PER_SECOND, CampaignId, JobId, Json, Micros, new_job_id

UNLIMITED = 1_000_000
"""As `max_tries`: work that must be done once, however often its workers die."""
RETRY_BASE_S = 0.2
RETRY_LONGEST_S = 60.0


class Rank(enum.IntEnum):
    """Which jobs go first; lower precedes higher, older precedes younger within one."""

    JUDGING = 0
    TRAINING = 10
    CHORES = 20


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: a registered name, and JSON that its function understands."""

    kind: str
    payload: Json
    rank: Rank = Rank.JUDGING
    campaign: CampaignId | None = None
    unique_key: str | None = None
    """Posting work under a known key posts nothing and returns the first job's id."""
    max_tries: int = 25
    not_before: Micros | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its worker holds it, or as anybody may look at it."""

    id: JobId
    kind: str
    campaign_id: CampaignId | None
    payload: Json
    state: str
    priority: int
    worker: str | None
    claim_number: int
    tries: int
    max_tries: int
    lease_until_us: Micros
    cancel_requested: bool
    progress: float
    note: str
    checkpoint: Json | None
    result: Json | None
    created_us: Micros
    started_us: Micros | None
    finished_us: Micros | None


_COLUMNS = [jobs.c[name] for name in Job.__dataclass_fields__]
# Statements of every job are composed once; composing costs more than running them.
_ADD = insert(jobs)
_KNOWN = select(jobs.c.id).where(jobs.c.unique_key == bindparam("key"))
# Every idle worker asks ten times a second; composing what it asks costs more than asking.
_FREE = (
    select(*_COLUMNS)
    .where(
        jobs.c.kind.in_(bindparam("kinds", expanding=True)),
        or_(
            and_(jobs.c.state == "ready", jobs.c.not_before_us <= bindparam("moment")),
            and_(jobs.c.state == "claimed", jobs.c.lease_until_us <= bindparam("moment")),
        ),
    )
    .order_by(jobs.c.priority, jobs.c.created_us, jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_WAITS = (
    select(jobs.c.id).where(jobs.c.kind == bindparam("kind"), jobs.c.state.in_(("ready", "claimed"))).limit(1)
)
_TAKE = (
    update(jobs)
    .where(jobs.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state="claimed",
        worker=bindparam("by"),
        claim_number=jobs.c.claim_number + 1,
        tries=jobs.c.tries + 1,
        lease_until_us=bindparam("until"),
        started_us=func.coalesce(jobs.c.started_us, bindparam("moment", type_=BigInteger)),
    )
    .returning(*_COLUMNS)
)
_HELD = and_(
    jobs.c.id == bindparam("job"), jobs.c.state == "claimed", jobs.c.claim_number == bindparam("claim")
)
_DONE = (
    update(jobs)
    .where(_HELD)
    .values(
        state="done", result=bindparam("outcome", type_=JSON), progress=1.0, finished_us=bindparam("moment")
    )
)


def post(connection: Connection, work: Work, now: Micros) -> JobId:
    """Add a job and return its id, or the id of the job already posted under its unique key.

    Args:
        connection: from `Database.write`.
    """
    if work.unique_key is not None:
        known = connection.execute(_KNOWN, {"key": work.unique_key}).scalar()
        if known is not None:
            return JobId(known)
    job = new_job_id()
    connection.execute(
        _ADD,
        {
            "id": job,
            "kind": work.kind,
            "campaign_id": work.campaign,
            "payload": work.payload,
            "unique_key": work.unique_key,
            "priority": int(work.rank),
            "max_tries": work.max_tries,
            "not_before_us": work.not_before or 0,
            "created_us": now,
        },
    )
    return job


def claim(
    connection: Connection,
    kinds: Collection[str],
    worker: str,
    now: Micros,
    *,
    lease_s: float,
    limit: int = 1,
) -> list[Job]:
    """Take up to `limit` jobs that wait, or whose worker fell silent, in order of rank and age.

    Any number of claimers may call this at once; each job goes to one of them. A job whose workers died
    `max_tries` times is set failed instead, with an incident for the operator.

    Args:
        connection: from `Database.touch` or `Database.write`; commit it before working.
        kinds: the kinds this worker can do.
        worker: a name for the operator's page.
        now: the present moment.
        lease_s: for how long the jobs are held without a sign of life.
        limit: the most to take.
    """
    found = connection.execute(_FREE, {"kinds": list(kinds), "moment": now, "most": limit}).all()
    ready = []
    for row in found:
        if row.cancel_requested:
            _end(connection, row.id, "cancelled", now)
        elif row.tries >= row.max_tries:
            _give_up(connection, row, "its worker died each time", now)
        else:
            ready.append(row.id)
    if not ready:
        return []
    changed = connection.execute(
        _TAKE,
        {"ids": ready, "by": worker, "until": now + round(lease_s * MICROS_PER_SECOND), "moment": now},
    )
    taken = {row.id: _job(row) for row in changed}
    return [taken[job] for job in ready]


def heartbeat(
    connection: Connection,
    job: Job,
    now: Micros,
    *,
    lease_s: float,
    progress: float | None = None,
    note: str | None = None,
    checkpoint: Json | None = None,
) -> None:
    """Extend the lease, and record how far the work is.

    Args:
        connection: from `Database.touch` or `Database.write`.
        job: as claimed.
        now: the present moment.
        lease_s: for how long from now.
        progress: share done, 0 to 1.
        note: one line for whoever watches.
        checkpoint: what the next worker needs to go on from here.

    Raises:
        LeaseLostError: if another worker holds the job by now.
        JobCancelledError: if somebody asked for it to stop; the worker then calls `stop`.
    """
    values: dict[str, Any] = {"lease_until_us": now + round(lease_s * MICROS_PER_SECOND)}
    if progress is not None:
        values["progress"] = min(1.0, max(0.0, progress))
    if note is not None:
        values["note"] = note
    if checkpoint is not None:
        values["checkpoint"] = checkpoint
    row = connection.execute(
        update(jobs).where(*_held(job)).values(values).returning(jobs.c.cancel_requested)
    ).one_or_none()
    if row is None:
        raise _lost(job)
    if row.cancel_requested:
        raise JobCancelledError(f"Job {job.id} was cancelled.")


def finish(connection: Connection, job: Job, result: Json, now: Micros) -> None:
    """Set a job done, in the transaction that records its outcome.

    Raises:
        LeaseLostError: if another worker holds it; leave the transaction with this error so that
            nothing of the outcome is kept.
    """
    given = {"job": job.id, "claim": job.claim_number, "outcome": result, "moment": now}
    if connection.execute(_DONE, given).rowcount == 0:
        raise _lost(job)


def fail(connection: Connection, job: Job, note: str, now: Micros) -> None:
    """Record that a try failed: the job waits a little for the next one, or fails for good.

    Raises:
        LeaseLostError: if another worker holds it.
    """
    if job.tries >= job.max_tries:
        _leave(connection, job, {"state": "claimed"})
        _give_up(connection, job, note, now)
        return
    pause_s = min(RETRY_LONGEST_S, RETRY_BASE_S * 2.0 ** (job.tries - 1))
    later = now + round(pause_s * MICROS_PER_SECOND)
    _leave(connection, job, {"state": "ready", "note": note, "not_before_us": later})


def stop(connection: Connection, job: Job, now: Micros) -> None:
    """Set a job cancelled, by its worker after `JobCancelledError`; its checkpoint stays.

    Raises:
        LeaseLostError: if another worker holds it.
    """
    _leave(connection, job, {"state": "cancelled", "finished_us": now})


def cancel(connection: Connection, job: JobId, now: Micros) -> None:
    """Cancel a job: at once if it waits; a worker that holds it hears of it at its next heartbeat.

    Raises:
        NotFoundError: if there is no such job.
        TransitionError: if it has ended.
    """
    state = get(connection, job).state
    if state == "ready":
        _end(connection, job, "cancelled", now)
    elif state == "claimed":
        connection.execute(update(jobs).where(jobs.c.id == job).values(cancel_requested=True))
    else:
        raise TransitionError(f"Job {job} is {state} and cannot be cancelled.", field="job")


def resume(connection: Connection, job: JobId) -> None:
    """Let a failed or cancelled job go on from its last checkpoint, with its tries counted anew.

    Raises:
        NotFoundError: if there is no such job.
        TransitionError: if it waits, runs or is done.
    """
    state = get(connection, job).state
    if state not in ("failed", "cancelled"):
        raise TransitionError(
            f"Job {job} is {state}; only failed and cancelled jobs can be resumed.", field="job"
        )
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job)
        .values(state="ready", tries=0, cancel_requested=False, not_before_us=0, finished_us=None)
    )


def get(connection: Connection, job: JobId) -> Job:
    """Return a job as it stands.

    Raises:
        NotFoundError: if there is none under this id.
    """
    row = connection.execute(select(*_COLUMNS).where(jobs.c.id == job)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no job {job}.", field="job")
    return _job(row)


def is_waiting(connection: Connection, kind: str) -> bool:
    """Return whether a job of this kind waits, or is held by somebody who may have died."""
    return connection.execute(_WAITS, {"kind": kind}).one_or_none() is not None


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many jobs there are by (kind, state), done ones left out."""
    rows = connection.execute(
        select(jobs.c.kind, jobs.c.state, func.count().label("number"))
        .where(jobs.c.state != "done")
        .group_by(jobs.c.kind, jobs.c.state)
    )
    return {(row.kind, row.state): row.number for row in rows}


def _held(job: Job) -> list[Any]:
    return [jobs.c.id == job.id, jobs.c.state == "claimed", jobs.c.claim_number == job.claim_number]


def _lost(job: Job) -> LeaseLostError:
    return LeaseLostError(f"The lease on job {job.id} was lost.")


def _leave(connection: Connection, job: Job, values: dict[str, Any]) -> None:
    changed = connection.execute(update(jobs).where(*_held(job)).values(values))
    if changed.rowcount == 0:
        raise _lost(job)


def _end(connection: Connection, job: JobId, state: str, now: Micros) -> None:
    connection.execute(update(jobs).where(jobs.c.id == job).values(state=state, finished_us=now))


def _give_up(connection: Connection, job: Any, note: str, now: Micros) -> None:
    message = f"Job {job.id} ({job.kind}) failed after {job.tries} tries: {note}"
    connection.execute(
        update(jobs).where(jobs.c.id == job.id).values(state="failed", note=note, finished_us=now)
    )
    connection.execute(
        insert(incidents).values(source="jobs", kind="job_failed", message=message, created_us=now)
    )


def _job(row: Any) -> Job:
    return Job(**row._mapping)
