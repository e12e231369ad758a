"""Lessons: what learners are asked to make of an experiment's games, and how far they are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from manyhands import jobs
from manyhands.errors import ConflictError, InputError, NotFoundError, TransitionError
from manyhands.storage.schema import experiments, lessons, players
from manyhands.storage.schema import jobs as job_table
from manyhands.types import JobId, Json, Micros, new_lesson_id

LESSON_JOB = "lab.lesson"
"""Kind of a lesson's job; its payload is {lesson_id}, its checkpoint {curves}."""
LEARNERS = ("finetuned", "supervised", "inverse-q")
MOST_WAITING = 9
"""Lessons of one player that may wait or run at a time: three experiments with all learners."""
LEAST_OBSERVATIONS = 100
TRIES = 5  # of a lesson whose worker dies or fails
BOARD = 50
_STATES = {"ready": "queued", "claimed": "running"}
_ACTIVE = ("ready", "claimed")


def request(connection: Connection, experiment: Json, wanted: list[str], now: Micros) -> None:
    """Post lessons on all that an experiment, given as its row, has recorded so far.

    Raises:
        InputError: too little is recorded, or a learner is named twice.
        ConflictError: one of them is under way, or the player has too many that wait.
    """
    if experiment["observations"] < LEAST_OBSERVATIONS:
        raise InputError(
            f"{experiment['observations']} observations are recorded.",
            field="learners",
            remedy=f"Play on: learners need at least {LEAST_OBSERVATIONS}.",
        )
    if len(set(wanted)) < len(wanted):
        raise InputError("A learner is named twice.", field="learners", remedy="Name each once.")
    active = {row.learner for row in _rows(connection, experiment["id"]) if row.state in _ACTIVE}
    for learner in wanted:
        if learner in active:
            raise ConflictError(
                f"The learner {learner} is at it already.", field="learners", remedy="Wait, or cancel it."
            )
    _make_room(connection, experiment["player_id"], len(wanted))
    for learner in wanted:
        _post(connection, experiment, learner, now)


def _make_room(connection: Connection, player_id: str, wanted: int) -> None:
    """Raise ConflictError where the player may not have so many more lessons wait or run."""
    active = connection.execute(
        select(func.count())
        .select_from(lessons.join(job_table).join(experiments, experiments.c.id == lessons.c.experiment_id))
        .where(experiments.c.player_id == player_id, job_table.c.state.in_(_ACTIVE))
    ).scalar_one()
    if active + wanted > MOST_WAITING:
        raise ConflictError(
            f"{active} lessons of this player wait or train, of at most {MOST_WAITING}.",
            remedy="Cancel one, or wait until it is done.",
        )


def _post(connection: Connection, experiment: Json, learner: str, now: Micros) -> None:
    lesson_id = new_lesson_id()
    work = jobs.Work(LESSON_JOB, {"lesson_id": lesson_id}, jobs.Rank.CHORES, max_tries=TRIES)
    connection.execute(
        insert(lessons).values(
            id=lesson_id,
            experiment_id=experiment["id"],
            learner=learner,
            observations=experiment["observations"],
            job_id=jobs.post(connection, work, now),
            created_us=now,
        )
    )


def latest(connection: Connection, experiment_id: str) -> list[Json]:
    """Return the latest lesson of each learner, in the order of LEARNERS."""
    found: dict[str, Json] = {}
    for row in _rows(connection, experiment_id):
        found.setdefault(row.learner, _view(row))
    return [found[learner] for learner in LEARNERS if learner in found]


def own(connection: Connection, lesson_id: str, player_id: str) -> Json:
    """Return a lesson of one of the player's own experiments.

    Raises:
        NotFoundError: if there is none.
    """
    row = connection.execute(
        _QUERY.where(lessons.c.id == lesson_id, experiments.c.player_id == player_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            f"This player has no lesson {lesson_id}.",
            field="lesson_id",
            remedy="Read the experiment for its lessons.",
        )
    return _view(row)


def cancel(connection: Connection, lesson_id: str, player_id: str, now: Micros) -> None:
    """Stop a lesson; it can be resumed from where it was.

    Raises:
        NotFoundError: if it is not the player's.
        TransitionError: if it has ended.
    """
    _change(connection, lesson_id, player_id, lambda job: jobs.cancel(connection, job, now))


def resume(connection: Connection, lesson_id: str, player_id: str) -> None:
    """Let a cancelled or failed lesson go on.

    Raises:
        NotFoundError: if it is not the player's.
        TransitionError: if it waits, runs or is done.
        ConflictError: if too many of the player's wait or run already.
    """

    def go_on(job: JobId) -> None:
        _make_room(connection, player_id, 1)
        jobs.resume(connection, job)

    _change(connection, lesson_id, player_id, go_on)


def _change(connection: Connection, lesson_id: str, player_id: str, act: Any) -> None:
    lesson = own(connection, lesson_id, player_id)
    job = connection.execute(select(lessons.c.job_id).where(lessons.c.id == lesson_id)).scalar_one()
    try:
        act(JobId(job))
    except TransitionError as fault:
        raise TransitionError(
            f"The lesson is {lesson['state']}.", field="lesson_id", remedy="Read the lesson anew."
        ) from fault


def remove(connection: Connection, experiment_id: str, now: Micros) -> None:
    """Delete an experiment's lessons; what is under way is told to stop."""
    for row in _rows(connection, experiment_id):
        if row.state in _ACTIVE:
            jobs.cancel(connection, JobId(row.job_id), now)
    connection.execute(delete(lessons).where(lessons.c.experiment_id == experiment_id))


def unfinished(connection: Connection, names: Collection[str]) -> set[str]:
    """Return those of the ids whose lessons exist and have no result yet."""
    query = select(lessons.c.id).where(lessons.c.id.in_(names), lessons.c.result.is_(None))
    return set(connection.execute(query).scalars())


def board(connection: Connection, player_id: str | None) -> list[Json]:
    """Return the best lessons, ranked by the lower bound of their improvement over the control.

    Of an experiment's lessons with one learner only the latest counts.
    """
    rows = connection.execute(
        select(lessons, experiments.c.name, experiments.c.player_id, players.c.name.label("player"))
        .join(experiments, experiments.c.id == lessons.c.experiment_id)
        .join(players, players.c.id == experiments.c.player_id)
        .where(lessons.c.result.is_not(None))
        .order_by(lessons.c.created_us)
    ).all()
    newest = {(row.experiment_id, row.learner): row for row in rows}
    ranked = sorted(newest.values(), key=lambda row: row.result["improvement"]["low"], reverse=True)
    return [
        {
            "rank": rank,
            "experiment": row.name,
            "player": row.player,
            "learner": row.learner,
            "observations": row.observations,
            "score": row.result["taught"]["score"],
            "improvement": row.result["improvement"],
            "is_own": row.player_id == player_id,
        }
        for rank, row in enumerate(ranked[:BOARD], 1)
    ]


_QUERY = (
    select(
        lessons,
        job_table.c.state,
        job_table.c.progress,
        job_table.c.note,
        job_table.c.checkpoint,
        job_table.c.finished_us,
    )
    .join(job_table, job_table.c.id == lessons.c.job_id)
    .join(experiments, experiments.c.id == lessons.c.experiment_id)
)


def _rows(connection: Connection, experiment_id: str) -> list[Row[Any]]:
    query = _QUERY.where(lessons.c.experiment_id == experiment_id)
    return list(connection.execute(query.order_by(lessons.c.created_us.desc(), lessons.c.id)).all())


def _view(row: Row[Any]) -> Json:
    public = None
    if row.result is not None:
        hidden = ("taught_cid", "control_cid", "curves")
        public = {name: value for name, value in row.result.items() if name not in hidden}
    return {
        "id": row.id,
        "learner": row.learner,
        "state": _STATES.get(row.state, row.state),
        "progress": row.progress,
        "note": row.note or "",
        "observations": row.observations,
        "curves": (row.result or row.checkpoint or {}).get("curves", []),
        "result": public,
        "created_us": row.created_us,
        "finished_us": row.finished_us,
    }


def policy_cid(connection: Connection, lesson_id: str, player_id: str) -> str:
    """Return the CID of what a lesson's learner made.

    Raises:
        NotFoundError: if the lesson is not the player's.
        TransitionError: if it is not done.
    """
    lesson = own(connection, lesson_id, player_id)
    result = connection.execute(select(lessons.c.result).where(lessons.c.id == lesson_id)).scalar()
    if result is None:
        raise TransitionError(
            f"The lesson is {lesson['state']}.", field="lesson_id", remedy="Wait until it is done."
        )
    return str(result["taught_cid"])
