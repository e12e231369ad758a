"""Training runs: what is trained on whose reward function, and how far it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from manyhands import jobs
from manyhands.envs.limits import require
from manyhands.envs.racer import actions, race_types
from manyhands.errors import ConflictError, IdempotencyError, InputError, NotFoundError, TransitionError
from manyhands.garage import hyperparameters
from manyhands.garage.rewards.limits import MOST_CHARACTERS
from manyhands.settings import Settings
from manyhands.storage.content import ContentStore
from manyhands.storage.desk import Desk
from manyhands.storage.schema import jobs as job_table
from manyhands.storage.schema import runs
from manyhands.types import Cid, JobId, Json, Micros, new_run_id

RUN_JOB = "garage.run"
"""Kind of a run's job; its payload is {run_id}, its checkpoint what `coach` tells of it."""
MOST = 200
"""Runs that a player may keep."""
MOST_WAITING = 3
"""Runs of one player that may wait or run at a time."""
TRIES = 5  # of a run whose worker dies or fails
WHICH = ("best", "latest")
DEFAULT_ALGORITHM: hyperparameters.Algorithm = "ppo"
TRACE = "trace"
"""what a run's recorded drives are called among its files"""
LARGEST_PICTURE = (160, 120)
_STATES = {"ready": "queued", "claimed": "running"}
_ACTIVE = tuple(_STATES)


@dataclass(frozen=True)
class RunOrder:
    """What is to be trained.

    source: of the reward function. track: id of a road. sensor: `lidar`, `camera-48x32` or another size.
    action_space and hyperparameters: in DeepRacer's forms. algorithm: see `hyperparameters.NAMES`.
    origin: another of the player's runs, whose policy this one begins with, and which of WHICH.
    race: a race type's JSON form; None is a time trial.
    """

    player_id: str
    idempotency_key: str
    name: str
    source: str
    track: str
    direction: str
    sensor: str
    network: str
    action_space: Any
    hyperparameters: Json
    minutes: float
    seed: int
    origin: Json | None = None
    algorithm: str = DEFAULT_ALGORITHM
    race: Json | None = None

    def terms(self) -> Json:
        """What must be equal when an idempotency key is used again."""
        hidden = ("player_id", "idempotency_key")
        return {name: value for name, value in asdict(self).items() if name not in hidden}


def create(connection: Connection, order: RunOrder, now: Micros) -> str:
    """Post a run, once per key, and return its id.

    Raises:
        InputError: naming the field of the order that cannot be trained.
        IdempotencyError: the key was used for another run.
        ConflictError: the player keeps too many, or has too many waiting.
        NotFoundError, TransitionError: the origin is not the player's, or is not done.
    """
    _check(order)
    known = connection.execute(
        select(runs).where(
            runs.c.player_id == order.player_id, runs.c.idempotency_key == order.idempotency_key
        )
    ).one_or_none()
    if known is not None:
        if {"race": None} | known.terms != order.terms():
            raise IdempotencyError("This key was used for another run.", field="Idempotency-Key")
        return str(known.id)
    _make_room(connection, order.player_id)
    if order.origin is not None:
        _same_shape(order, own(connection, order.origin["run_id"], order.player_id))
    run_id = new_run_id()
    work = jobs.Work(RUN_JOB, {"run_id": run_id}, jobs.Rank.CHORES, max_tries=TRIES)
    connection.execute(
        insert(runs).values(
            id=run_id,
            player_id=order.player_id,
            idempotency_key=order.idempotency_key,
            terms=order.terms(),
            job_id=jobs.post(connection, work, now),
            created_us=now,
        )
    )
    return run_id


def _check(order: RunOrder) -> None:
    if len(order.source) > MOST_CHARACTERS:
        raise InputError(
            f"The source has {len(order.source):,} characters.",
            field="source",
            remedy=f"Shorten it to {MOST_CHARACTERS:,}.",
        )
    kind, _, size = order.sensor.rpartition("-")
    if kind in ("camera", "stereo"):
        for side, most in zip(size.split("x"), LARGEST_PICTURE, strict=True):
            require("sensor", int(side), 8, most, whole=True)
    elif order.network.startswith("deepracer"):
        raise InputError(
            f"The network {order.network} reads pictures.",
            field="network",
            remedy="Choose a camera, or shallow or deep.",
        )
    space = actions.parse(order.action_space)
    hyperparameters.parse(order.hyperparameters, order.algorithm)
    if order.algorithm == "sac" and isinstance(space, actions.Choices):
        raise hyperparameters.continuous_only()
    race_types.parse(order.race, race_types.TRAINED)


def algorithm_of(terms: Json) -> str:
    """The algorithm of a run's terms; those of before there was a choice do not name it."""
    return str(terms.get("algorithm", DEFAULT_ALGORITHM))


def _make_room(connection: Connection, player_id: str) -> None:
    """Raise ConflictError where the player may not have another run."""
    kept, active = connection.execute(
        select(func.count(), func.count().filter(job_table.c.state.in_(_ACTIVE)))
        .select_from(runs.join(job_table, job_table.c.id == runs.c.job_id))
        .where(runs.c.player_id == player_id)
    ).one()
    if kept >= MOST:
        raise ConflictError(f"This player keeps {kept} runs.", remedy="Delete one of them first.")
    if active >= MOST_WAITING:
        raise ConflictError(
            f"{active} runs of this player wait or train.", remedy="Stop one, or wait until it is done."
        )


def _same_shape(order: RunOrder, origin: Json) -> None:
    """Raise InputError where a policy of the origin cannot drive the new car, TransitionError without one."""
    if origin["race"] is None:
        raise TransitionError(
            f"The run it goes on from is {origin['state']}.", field="origin", remedy="Wait until it is done."
        )
    for name in ("sensor", "network", "algorithm", "action_space"):
        old, new = origin["order"][name], order.terms()[name]
        # Angles and speeds of a list may change, as in DeepRacer's clones; their number may not.
        if name == "action_space" and isinstance(old, list) and isinstance(new, list):
            old, new = len(old), len(new)
        if old != new:
            raise InputError(
                f"The run it goes on from has another {name.replace('_', ' ')}.",
                field=name,
                remedy="Leave it as it was, or begin with a new policy.",
            )


def listed(connection: Connection, player_id: str) -> list[Json]:
    """Return the player's own runs, newest first, without their histories."""
    query = _LIST.where(runs.c.player_id == player_id).order_by(runs.c.created_us.desc(), runs.c.id)
    found = [dict(row) for row in connection.execute(query).mappings()]
    return [_summary(row, row, row) for row in found]


def own(connection: Connection, run_id: str, player_id: str) -> Json:
    """Return one of the player's own runs with its history.

    Raises:
        NotFoundError: if there is none; another player's is not told apart from none.
    """
    row = _own(connection, run_id, player_id)
    told = row.result or row.checkpoint or {}
    order = {"race": None} | {name: value for name, value in row.terms.items() if name not in ("name",)}
    order["algorithm"] = algorithm_of(row.terms)
    return {
        **_summary(dict(row._mapping), row.terms, told),
        "order": order,
        "iterations": told.get("iterations", []),
        "printed": told.get("printed", []),
        "faults": told.get("faults", []),
        "race": told.get("race"),
        "policies": {which: bool(told.get("policies", {}).get(which)) for which in WHICH},
    }


def stop(connection: Connection, run_id: str, player_id: str) -> None:
    """Ask a run to end and keep what is best.

    Raises:
        NotFoundError: if it is not the player's.
        TransitionError: if it has ended.
    """
    row = _own(connection, run_id, player_id)
    if row.state not in _ACTIVE:
        raise TransitionError(
            f"The run is {_STATES.get(row.state, row.state)}.", field="run_id", remedy="Read the run anew."
        )
    connection.execute(update(runs).where(runs.c.id == run_id).values(stopping=True))


def is_stopping(connection: Connection, run_id: str) -> bool:
    """Whether a run is to end now; one that was deleted is, too."""
    found = connection.execute(select(runs.c.stopping).where(runs.c.id == run_id)).scalar()
    return found is None or bool(found)


def remove(connection: Connection, run_id: str, player_id: str, now: Micros) -> None:
    """Delete a run; one under way is cancelled.

    Raises:
        NotFoundError: if it is not the player's.
    """
    row = _own(connection, run_id, player_id)
    if row.state in _ACTIVE:
        jobs.cancel(connection, JobId(row.job_id), now)
    connection.execute(delete(runs).where(runs.c.id == run_id))


def unfinished(connection: Connection, names: Collection[str]) -> set[str]:
    """Return those of the ids whose runs exist and have no result yet."""
    query = select(runs.c.id).where(runs.c.id.in_(names), runs.c.result.is_(None))
    return set(connection.execute(query).scalars())


def policy_data(connection: Connection, run_id: str, player_id: str, which: str, settings: Settings) -> bytes:
    """Return a run's best or latest policy file, also while it trains.

    Raises:
        NotFoundError: the run is not the player's.
        TransitionError: there is no policy yet.
    """
    row = _own(connection, run_id, player_id)
    data = _file(row, which, (row.result or {}).get("policies", {}).get(which), settings)
    if data is None:
        raise TransitionError(
            f"The run has no {which} policy yet.", field="run_id", remedy="Wait for its first iteration."
        )
    return data


def trace_data(
    connection: Connection, run_id: str, player_id: str | None, settings: Settings
) -> tuple[Json, bytes]:
    """Return a run's terms and what `Recording.dump` made of its drives, also while it trains.

    player_id: None for a run of any player.

    Raises:
        NotFoundError: the run is not the player's.
        TransitionError: nothing is recorded yet, or the run is from before drives were.
    """
    row = _own(connection, run_id, player_id)
    data = _file(row, TRACE, (row.result or {}).get(TRACE), settings)
    if data is None:
        raise TransitionError(
            "The run has no recorded drives.", field="run_id", remedy="Wait for its first iterations."
        )
    return dict(row.terms), data


def _file(row: Row[Any], kind: str, cid: str | None, settings: Settings) -> bytes | None:
    """A file of a run: from the content store where it is done, else from the desk of its coach."""
    if cid is not None:
        return ContentStore(settings.content).get(Cid(cid))
    return Desk(settings.runs).read(row.id, kind)


def of_player(connection: Connection, player_id: str) -> list[Json]:
    """Return everything stored about a player's runs, for the player's own export."""
    return [own(connection, row["id"], player_id) for row in listed(connection, player_id)]


def withdraw(connection: Connection, player_id: str, now: Micros) -> int:
    """Delete all runs of a player and return how many they were."""
    found = [row["id"] for row in listed(connection, player_id)]
    for run_id in found:
        remove(connection, run_id, player_id, now)
    return len(found)


_JOB = (job_table.c.state, job_table.c.progress, job_table.c.note, job_table.c.finished_us)
_QUERY = select(runs, job_table.c.checkpoint, *_JOB).join(job_table, job_table.c.id == runs.c.job_id)
_TOLD = case((runs.c.result.is_not(None), runs.c.result), else_=job_table.c.checkpoint)
# Sources and histories stay in the database: read every few seconds, for all runs, they are megabytes.
_LIST = select(
    runs.c.id,
    runs.c.created_us,
    *(runs.c.terms[name].as_string().label(name) for name in ("name", "track")),
    *(_TOLD[name].label(name) for name in ("faults", "seconds", "steps", "completion", "best_lap_ms")),
    *_JOB,
).join(job_table, job_table.c.id == runs.c.job_id)


def _own(connection: Connection, run_id: str, player_id: str | None) -> Row[Any]:
    row = connection.execute(_QUERY.where(runs.c.id == run_id)).one_or_none()
    if row is None or player_id not in (None, row.player_id):
        raise NotFoundError(
            f"This player has no run {run_id}.", field="run_id", remedy="List the runs with GET /api/runs."
        )
    return row


def _summary(row: Json, terms: Json, told: Json) -> Json:
    return {
        "id": row["id"],
        "name": terms["name"],
        "track": terms["track"],
        "state": "failed" if told.get("faults") else _STATES.get(row["state"], row["state"]),
        "progress": row["progress"],
        "note": row["note"] or "",
        "seconds": told.get("seconds") or 0.0,
        "steps": told.get("steps") or 0,
        "completion": told.get("completion"),
        "best_lap_ms": told.get("best_lap_ms"),
        "created_us": row["created_us"],
        "finished_us": row["finished_us"],
    }
