"""Messages of the operator's page, and of the service's health."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from manyhands.server.messages.base import ID_PATTERN, Id, Message, Micro, Request, Sentence, Time
from manyhands.server.messages.play import Dispute


class QueueRow(Message):
    """Jobs of one kind and state."""

    kind: str
    state: str
    jobs: int
    oldest_at: Time | None


class Incident(Message):
    """Something that went wrong on the server's side."""

    id: Id
    source: str
    kind: str
    message: str
    created_at: Time


class BanCreate(Request):
    """Keep a player from playing for a while."""

    player_id: Annotated[str, Field(pattern=ID_PATTERN, max_length=64)]
    hours: Annotated[float, Field(gt=0, le=87_600, description="How long, in hours.")]
    reason: Sentence


class Ban(Message):
    """A ban in force."""

    player_id: Id
    name: str
    banned_until: Time
    forged_count: int = Field(description="Attempts refused by the replay so far.")


class DisputeAnswer(Request):
    """The operator's answer to a dispute."""

    answer: Sentence


class ProcessRow(Message):
    """A judge process by its last heartbeat, which is at most two minutes old."""

    name: str
    heartbeat_age_s: float | None
    note: str


class Overview(Message):
    """The operator's page."""

    queue: list[QueueRow]
    pending_attempts: int
    judged_per_s: float | None
    processes: list[ProcessRow]
    incidents: list[Incident]
    bans: list[Ban]
    disputes: list[Dispute]
    players: int
    attempts_24h: int
    credits_issued_micro: Micro


class Health(Message):
    """Whether the service works."""

    status: Literal["ok", "degraded"]
    database: bool
    judge: Literal["warming", "ready", "away"]
    judge_heartbeat_age_s: float | None
    version: str
