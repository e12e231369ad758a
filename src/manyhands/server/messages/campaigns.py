"""Messages of campaigns, their lots and their players."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from manyhands.server.messages.base import (
    MAX_MICRO,
    AttemptStatus,
    Cid,
    Cursor,
    EnvironmentId,
    Id,
    Message,
    Micro,
    Request,
    Score,
    Sensor,
    Time,
    VerdictKind,
)

PositiveMicro = Annotated[int, Field(ge=1, le=MAX_MICRO, description="Micro-credits; 1 cr = 1,000,000.")]
Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        max_length=40,
        description="Name in addresses: lower case letters, digits and inner hyphens.",
    ),
]
CampaignState = Literal["warming", "open", "closing", "closed"]


class CampaignSummary(Message):
    """A campaign in a list."""

    id: Id
    slug: str
    name: str
    environment: EnvironmentId
    sensor: Sensor
    state: CampaignState
    champion_cid: Cid | None = Field(
        description="Null until the campaign opens; one closed before never has any."
    )
    score: Score | None = Field(description="The champion's score on the standing held-out suite.")
    score_low: Score | None
    score_high: Score | None
    score_first: Score | None
    target_score: Score
    stake_micro: Micro
    escrow_micro: Micro = Field(description="Credits left in the escrow, in micro-credits.")
    paid_micro: Micro = Field(description="Paid to players so far, in micro-credits.")
    paid_today_micro: Micro = Field(description="Paid to players in the last 24 h, in micro-credits.")
    players: int = Field(description="Players with at least one attempt.")
    attempts: int
    withdrawable: bool = Field(description="Whether earnings count as withdrawable credits.")
    created_at: Time


class Campaigns(Message):
    """All campaigns, newest first within their state."""

    campaigns: list[CampaignSummary]


class ScorePoint(Message):
    """One point of the score history."""

    verdict_id: Id
    number: int
    kind: VerdictKind
    champion_cid: Cid | None
    score: Score | None = Field(description="Score of the champion after the verdict.")
    score_low: Score | None
    score_high: Score | None
    attempts: int = Field(description="Attempts judged in the campaign until then.")
    paid_micro: Micro
    created_at: Time


class JudgeState(Message):
    """What the judge is doing for a campaign."""

    state: Literal["warming", "ready", "away"] = Field(
        description="warming: compiling or training the first champion; away: no heartbeat for 15 s."
    )
    starts_ready: int = Field(description="Unused starts stored for the current champion.")
    pending_attempts: int
    pending_s: float = Field(description="Estimated seconds of judging pending.")
    note: str = Field(description="Progress in words, empty when there is nothing to say.")
    progress: float | None = Field(description="0 to 1 while warming, else null.")


class PayFigures(Message):
    """This campaign's numbers in the payment rule."""

    stake_micro: Micro
    round_contributions: int = Field(description="A round closes at this many contributions.")
    round_wait_s: float = Field(description="Or this long after its first, in seconds.")
    budget_micro: Micro = Field(description="All credits ever put into the escrow, in micro-credits.")
    escrow_micro: Micro
    paid_fraction: float = Field(description="C: the part of the improvement already paid, 0 to 1.")
    gain_sum: float = Field(description="G: summed gains over promotions, in score.")
    gain_variance: float = Field(description="V: summed squared errors of those gains.")
    score_first: Score | None
    target_score: Score


class LotSummary(Message):
    """The open lot."""

    number: int
    tries: int = Field(description="Times the gate was tried with this lot.")
    contributions: int
    positive: int = Field(
        description="Contributions with a positive value. What of it lies beyond a margin shares the pool, "
        "where it outweighs the same player's harm."
    )
    players: int
    pending: int = Field(description="Attempts received and not yet valued.")
    round_id: Id | None = Field(description="The open round, if there is one.")
    round_contributions: int = Field(description="Contributions in the open round.")
    round_opened_at: Time | None
    rounds_waiting: int = Field(description="Closed rounds whose verdict is still to come.")


class Campaign(CampaignSummary):
    """A campaign with all its page shows."""

    config: dict[str, JsonValue] = Field(description="Environment configuration, as assignments carry it.")
    funder_id: Id | None
    funder_name: str | None
    reference_score: float | None = Field(description="The reference driver's mean progress, metres.")
    charged_micro: Micro = Field(description="Charged from stakes so far, in micro-credits.")
    budget_micro: Micro
    history: list[ScorePoint]
    lot: LotSummary
    pay: PayFigures
    judge: JudgeState
    closed_at: Time | None
    can_manage: bool = Field(description="Whether the signed-in player may fund and close it.")


class CampaignCreate(Request):
    """Fund a new campaign from the player's wallet."""

    name: Annotated[str, Field(min_length=3, max_length=60, pattern=r"^[^\x00-\x1f\x7f<>]+$")]
    slug: Slug | None = Field(default=None, description="Made from the name if absent.")
    environment: EnvironmentId = "racer-v0"
    sensor: Sensor = Field(description="One of the environment's sensors.")
    budget_micro: PositiveMicro
    stake_micro: Annotated[int, Field(ge=0, le=100_000_000, description="Micro-credits; at most 100 cr.")]
    target_score: Annotated[float, Field(gt=0.0, le=2.0, description="Score that uses up the budget.")]


class CampaignFund(Request):
    """Top up the escrow from the player's wallet."""

    amount_micro: PositiveMicro


class CampaignPlayer(Message):
    """One player's row in the campaign's table."""

    player_id: Id
    name: str
    attempts: int
    contributions: int
    value: float = Field(description="Sum of values of judged and waiting contributions.")
    paid_micro: Micro
    charged_micro: Micro
    net_micro: Micro


class CampaignPlayers(Message):
    """Players by net earnings, best first."""

    players: list[CampaignPlayer]
    next_cursor: Cursor


class LotEntry(Message):
    """One contribution of the open lot."""

    attempt_id: Id
    player_id: Id
    player_name: str
    status: AttemptStatus
    value: float | None
    ticks: int
    actors: str = Field(description="base64 of uint8 per tick: 0 policy, 1 human.")
    received_at: Time


class Lot(LotSummary):
    """The open lot as a list, newest first."""

    entries: list[LotEntry]
    next_cursor: Cursor
