"""Attempts: what a client hands in, what is refused before it costs anything, and durable storage."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from manyhands import jobs
from manyhands.arena.assignments import own_assignment
from manyhands.arena.environments import environment_spec
from manyhands.errors import ConflictError, ExpiredError, InputError, TransitionError
from manyhands.storage.schema import assignments, attempts
from manyhands.types import AttemptId, CampaignId, Json, Micros, new_attempt_id

VALUE_JOB = "arena.value"
"""Kind of the job posted with every attempt; its payload is {attempt_id}."""
# Clocks of client and server tick apart, and a page may batch its last frame: a tenth is forgiven.
FASTEST = 0.9
HUMAN = 1
# Statements of every request are composed once; composing costs more than running them.
_INSERT = insert(attempts)
_PLAYED = update(assignments).where(assignments.c.id == bindparam("assignment")).values(state="played")
_LOWEST_ACTION = 0x80  # int8 -128, which no quantised action in -127..127 has


@dataclass(frozen=True)
class Play:
    """A checked play: `ticks` control ticks with executed actions and actors.

    actions: bytes of int8 (ticks, axes) row-major, in -127..127, the axes as the environment lists them.
    actors: bytes of uint8 (ticks,), 0 policy or 1 human. final: the state that the client saw at the end,
    finite numbers.
    """

    ticks: int
    actions: bytes
    actors: bytes
    final: dict[str, float]

    @classmethod
    def parse(cls, ticks: int, actions: str, actors: str, final: dict[str, float]) -> Play:
        """Decode what came over the wire and check all that holds for every environment.

        Raises:
            InputError: naming the field whose length, encoding or values are wrong.
        """
        if ticks < 1:
            raise InputError("An attempt has at least one tick.", field="ticks")
        action_bytes, actor_bytes = _decoded(actions, "actions"), _decoded(actors, "actors")
        if not action_bytes or len(action_bytes) % ticks:
            raise InputError(
                f"{len(action_bytes)} bytes of actions are not the same number for each of {ticks} ticks.",
                field="actions",
                remedy="Send every tick once, with one byte for each axis.",
            )
        if len(actor_bytes) != ticks:
            raise InputError(
                f"There are {len(actor_bytes)} actors for {ticks} ticks.",
                field="actors",
                remedy="Send every tick once, with one byte of actors.",
            )
        if _LOWEST_ACTION in action_bytes:
            raise InputError("An action is -128; they range from -127 to 127.", field="actions")
        if max(actor_bytes) > HUMAN:
            raise InputError("An actor is neither 0 (policy) nor 1 (human).", field="actors")
        for name, value in final.items():
            if not math.isfinite(value):
                raise InputError("The final state is not finite.", field=f"final.{name}")
        return cls(ticks, action_bytes, actor_bytes, final)

    def check(self, spec: Json) -> None:
        """Check what depends on the environment.

        Raises:
            InputError: naming the field that does not fit the environment's spec.
        """
        most, axes = spec["max_ticks"], len(spec["actions"])
        if self.ticks > most:
            raise InputError(f"An attempt has 1 to {most} ticks, not {self.ticks}.", field="ticks")
        if len(self.actions) != axes * self.ticks:
            raise InputError(
                f"actions holds {len(self.actions)} bytes where {self.ticks} ticks of {spec['id']} ask for "
                f"{axes * self.ticks}.",
                field="actions",
                remedy=f"Send every tick once, with {axes} byte{'s' * (axes > 1)} of actions.",
            )

    def root(self, start: Json, champion_cid: str) -> str:
        """Return the hex sha256 over the attempt's canonical content; the judge computes the same."""
        content = [start, champion_cid, self.actions.hex(), self.actors.hex(), self.final]
        return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _decoded(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"{field} is not base64.", field=field, remedy="Encode with padding.") from None


def submit(connection: Connection, assignment_id: str, player_id: str, play: Play, now: Micros) -> AttemptId:
    """Store the play of an assignment, once, and return the attempt's id.

    Handing in the same again returns the same id; nothing is changed by anything that raises.

    Raises:
        NotFoundError: the assignment is not this player's.
        ConflictError: another play of it is stored already.
        ExpiredError: the assignment is past its expiry.
        TransitionError: it was given back.
        InputError: it does not fit the environment, or was played faster than real time.
    """
    assignment = own_assignment(connection, assignment_id, player_id)
    spec = environment_spec(assignment["environment"])
    play.check(spec)
    root = play.root(assignment["start"], assignment["champion_cid"])
    if assignment["state"] == "played":
        return _stored(connection, assignment_id, root)
    _check_time(assignment, play, spec["tick_s"], now)
    attempt_id = new_attempt_id()
    row = {
        "id": attempt_id,
        "assignment_id": assignment_id,
        "player_id": player_id,
        "campaign_id": assignment["campaign_id"],
        "champion_cid": assignment["champion_cid"],
        "ticks": play.ticks,
        "actions": play.actions,
        "actors": play.actors,
        "final": play.final,
        "root": root,
        "received_us": now,
        "stake_micro": assignment["stake_micro"],
    }
    connection.execute(_INSERT, row)
    connection.execute(_PLAYED, {"assignment": assignment_id})
    work = jobs.Work(
        VALUE_JOB,
        {"attempt_id": attempt_id},
        campaign=CampaignId(assignment["campaign_id"]),
        unique_key=f"{VALUE_JOB}:{attempt_id}",
        # Judges may be killed any number of times; what they cannot value they put aside themselves.
        max_tries=jobs.UNLIMITED,
    )
    jobs.post(connection, work, now)
    return attempt_id


def _stored(connection: Connection, assignment_id: str, root: str) -> AttemptId:
    row = connection.execute(
        select(attempts.c.id, attempts.c.root).where(attempts.c.assignment_id == assignment_id)
    ).one()
    if row.root != root:
        raise ConflictError(
            "Another attempt was handed in for this assignment.",
            field="assignment_id",
            remedy="Ask for a new assignment; one play counts.",
        )
    return AttemptId(row.id)


def _check_time(assignment: Json, play: Play, tick_s: float, now: Micros) -> None:
    state = assignment["state"]
    if state == "expired" or (state == "open" and now > assignment["expires_us"]):
        raise ExpiredError("The assignment expired and its stake returned.", field="assignment_id")
    if state != "open":
        raise TransitionError(
            f"The assignment is {state}.", field="assignment_id", remedy="Ask for a new assignment."
        )
    elapsed_s = (now - assignment["created_us"]) / 1e6
    played_s = play.ticks * tick_s
    if elapsed_s < FASTEST * played_s:
        raise InputError(
            f"{play.ticks} ticks last {played_s:.1f} s, and the assignment is {elapsed_s:.1f} s old.",
            field="ticks",
            remedy=f"Play in real time, {1.0 / tick_s:.0f} ticks a second.",
        )


def human_ticks(actors: bytes) -> int:
    """Return how many ticks the human held control."""
    return actors.count(HUMAN)


def encoded(data: bytes) -> str:
    """Return bytes as the wire carries them."""
    return base64.b64encode(data).decode("ascii")
