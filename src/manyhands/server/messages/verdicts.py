"""Messages of verdicts."""

from __future__ import annotations

from pydantic import Field, JsonValue

from manyhands.server.messages.base import (
    Cid,
    Cursor,
    EnvironmentId,
    Id,
    Message,
    Micro,
    Score,
    Time,
    VerdictKind,
)


class VerdictSummary(Message):
    """A verdict in words and figures."""

    id: Id
    campaign_id: Id
    round_id: Id | None
    number: int
    kind: VerdictKind
    champion_before: Cid | None
    champion_after: Cid | None
    score_before: Score | None
    score_after: Score | None
    gain: Score | None = Field(description="Measured difference of the scores on fresh starts.")
    gain_low: Score | None = Field(description="Lower end of its 95 % interval.")
    gain_high: Score | None = Field(description="Upper end of its 95 % interval.")
    pool_micro: Micro = Field(description="Paid to the lot by this verdict, in micro-credits.")
    charged_micro: Micro = Field(description="Charged by this verdict, in micro-credits.")
    lot_number: int | None
    contributions: int = Field(description="Contributions in the lot when it was judged.")
    sentence: str
    created_at: Time


class Verdicts(Message):
    """Verdicts of a campaign, newest first."""

    verdicts: list[VerdictSummary]
    next_cursor: Cursor


class VerdictEntry(Message):
    """What a verdict did to one attempt."""

    attempt_id: Id
    player_id: Id
    player_name: str
    value: float | None
    paid_micro: Micro
    charged_micro: Micro


class Verdict(VerdictSummary):
    """A verdict with everything needed to recompute it."""

    environment: EnvironmentId
    secret_commit: str | None = Field(description="Hex sha256 of the round's secret, published before.")
    secret: str | None = Field(description="The secret, revealed when the round is judged.")
    entries: list[VerdictEntry]
    body: dict[str, JsonValue] = Field(description="Seeds, CIDs, gate figures, per-start scores, amounts.")
