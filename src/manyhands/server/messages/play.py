"""Messages of play: assignments, attempts and disputes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from manyhands.arena.api import MOST_AXES, MOST_TICKS
from manyhands.server.messages.base import (
    AttemptStatus,
    Base64,
    Cid,
    Cursor,
    EnvironmentId,
    Id,
    LotState,
    Message,
    Micro,
    Request,
    Sensor,
    Sentence,
    Time,
)
from manyhands.server.messages.verdicts import VerdictSummary


def _base64_length(count: int) -> int:
    """Characters that so many bytes take."""
    return 4 * -(-count // 3)


class Assignment(Message):
    """What a player is given to play."""

    id: Id
    campaign: Id
    environment: EnvironmentId
    config: dict[str, JsonValue] = Field(description="Environment configuration: sensor and conditions.")
    sensor: Sensor
    start: dict[str, JsonValue] = Field(description="Start state with all its randomness materialised.")
    champion_cid: Cid
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, description="Seed of later draws, unsigned 32 bit.")]
    stake_micro: Micro = Field(description="Locked now; the most this attempt can lose, in micro-credits.")
    created_at: Time
    expires_at: Time
    max_ticks: int = Field(description="Longest attempt in control ticks of the environment's `tick_s`.")


class AttemptCreate(Request):
    """One play of an assignment."""

    ticks: Annotated[
        int,
        Field(ge=1, le=MOST_TICKS, description="Control ticks played, at most the assignment's `max_ticks`."),
    ]
    actions: Annotated[
        str,
        Field(
            min_length=4,
            max_length=_base64_length(MOST_AXES * MOST_TICKS),
            pattern=Base64,
            description="base64 of int8, ticks x axes of the environment, row-major: executed, in -127..127.",
        ),
    ]
    actors: Annotated[
        str,
        Field(
            min_length=4,
            max_length=_base64_length(MOST_TICKS),
            pattern=Base64,
            description="base64 of uint8, one per tick: 0 policy, 1 human.",
        ),
    ]
    final: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)],
            Annotated[float, Field(ge=-1e6, le=1e6)],
        ],
        Field(
            min_length=1,
            max_length=32,
            description="Final state the client saw, as the environment reports it.",
        ),
    ]


class AttemptAccepted(Message):
    """The attempt is stored durably and will be judged exactly once."""

    attempt_id: Id


class Takeover(Message):
    """One takeover compared with the champion alone from the same state."""

    first_tick: int
    ticks: int = Field(description="Ticks under the human's hands.")
    value: float = Field(description="Takeover advantage, in the unit of the attempt's value.")
    alone_crash_s: float | None = Field(
        description="Seconds after the takeover at which the model alone crashes; null if it goes on."
    )
    yours_crash_s: float | None = Field(
        description="Seconds after the takeover at which this attempt crashed; null if it went on."
    )
    alone_progress_m: float = Field(description="The model alone over the same ticks: metres or foods.")
    yours_progress_m: float = Field(description="This attempt over the compared ticks: metres or foods.")


class Reason(Message):
    """Why an attempt came out as it did: one sentence and its parts for a page to phrase itself."""

    code: str = Field(
        description="Stable kind: waiting, valued, no_takeover, paid, kept, charged, refused_..."
    )
    sentence: str
    parts: dict[str, JsonValue] = Field(description="The figures the sentence uses, by name.")


class AttemptSummary(Message):
    """An attempt in a list."""

    id: Id
    campaign_id: Id
    environment: EnvironmentId
    status: AttemptStatus
    ticks: int
    human_ticks: int
    actors: str = Field(description="base64 of uint8 per tick: 0 policy, 1 human.")
    value: float | None = Field(description="Takeover advantage of it all: metres, in Snake foods.")
    paid_micro: Micro
    charged_micro: Micro
    verdict_id: Id | None
    lot_state: LotState = Field(
        description="Of the lot it was in: paid by a promotion, or closed with its campaign before."
    )
    received_at: Time


class Attempts(Message):
    """The player's attempts, newest first."""

    attempts: list[AttemptSummary]
    next_cursor: Cursor


class Attempt(AttemptSummary):
    """An attempt with its outcome so far."""

    assignment_id: Id
    player_id: Id
    player_name: str
    champion_cid: Cid
    root: str = Field(description="Hex sha256 over the attempt's canonical content.")
    stake_micro: Micro
    reason: Reason
    takeovers: list[Takeover]
    round_id: Id | None
    lot_number: int | None
    lot_contributions: int | None = Field(description="Contributions of that lot so far.")
    round_contributions: int | None = Field(description="Contributions in its round so far.")
    verdict: VerdictSummary | None
    dispute: Dispute | None
    valued_at: Time | None
    judged_at: Time | None


class AttemptReplay(Message):
    """All that is needed to drive the attempt again, alone or beside the champions."""

    attempt_id: Id
    campaign_id: Id
    environment: EnvironmentId
    config: dict[str, JsonValue]
    sensor: Sensor
    start: dict[str, JsonValue]
    seed: int
    ticks: int
    actions: str = Field(description="base64 of int8, ticks x axes of the environment, row-major.")
    actors: str = Field(description="base64 of uint8 per tick: 0 policy, 1 human.")
    takeovers: list[Takeover]
    champion_before: Cid
    champion_after: Cid | None = Field(description="Champion after the attempt's verdict; null until then.")


class DisputeCreate(Request):
    """Dispute an attempt's outcome in one sentence; an operator reads it."""

    text: Sentence


class Dispute(Message):
    """A dispute and its answer."""

    id: Id
    attempt_id: Id
    verdict_id: Id | None
    player_id: Id
    player_name: str
    text: str
    state: Literal["open", "answered"]
    answer: str | None
    created_at: Time


Attempt.model_rebuild()
