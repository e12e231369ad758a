"""The message of server-sent events."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from manyhands.server.messages.base import Message, Time

EventKind = Literal["hello", "attempt", "round", "verdict", "campaign", "balance", "dispute", "ban", "race"]


class Event(Message):
    """`data` of one server-sent event; `id` of the event is `seq`, `event` is `kind`.

    hello: sent first unless the stream resumes; payload is {}. attempt: {attempt_id, campaign_id, status,
    value}. round: {campaign_id, round_id, number, state, contributions}. verdict: {campaign_id, verdict_id,
    number, kind}. campaign: {campaign_id, state}. balance: {} (read `/me` again). dispute: {dispute_id,
    attempt_id}. ban: {until}. race: {race_id}, a step of its final or its close.
    """

    seq: int
    kind: EventKind
    payload: dict[str, JsonValue]
    created_at: Time
