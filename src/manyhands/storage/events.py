"""The event log that pages follow: appended inside the transaction that made it happen.

An audience is `all`, `campaign:ID` or `player:ID`. Numbers appear in commit order without gaps, so a
reader that continues after the last number it saw misses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from manyhands.storage.database import last_number, next_number
from manyhands.storage.schema import events
from manyhands.types import CampaignId, Json, Micros, PlayerId

ALL = "all"
_COUNTER = "events"
_ADD = insert(events)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    seq: int
    audience: str
    kind: str
    payload: Json
    created_us: Micros


def campaign_audience(campaign: CampaignId) -> str:
    """Return the audience of those who watch a campaign."""
    return f"campaign:{campaign}"


def player_audience(player: PlayerId) -> str:
    """Return the audience that is one player."""
    return f"player:{player}"


def append(connection: Connection, audience: str, kind: str, payload: Json, now: Micros) -> int:
    """Append an event and return its number; it is seen when the transaction commits."""
    return append_all(connection, [(audience, kind, payload)], now)


def append_all(connection: Connection, told: Sequence[tuple[str, str, Json]], now: Micros) -> int:
    """Append events, each an audience, a kind and a payload, and return the first one's number."""
    first = next_number(connection, _COUNTER, len(told))
    connection.execute(
        _ADD,
        [
            {"seq": seq, "audience": audience, "kind": kind, "payload": payload, "created_us": now}
            for seq, (audience, kind, payload) in enumerate(told, first)
        ],
    )
    return first


def poll(
    connection: Connection, after: int, audiences: Collection[str] | None = None, limit: int = 500
) -> list[Event]:
    """Return the events numbered above `after`, oldest first.

    Args:
        connection: any transaction.
        after: the last number the reader has seen.
        audiences: which to return; None returns everybody's.
        limit: the most to return at once.
    """
    query = select(events).where(events.c.seq > after).order_by(events.c.seq).limit(limit)
    if audiences is not None:
        query = query.where(events.c.audience.in_(audiences))
    return [Event(**row) for row in connection.execute(query).mappings()]


def last(connection: Connection) -> int:
    """Return the newest event's number, 0 if there was none yet."""
    return last_number(connection, _COUNTER)


def first(connection: Connection) -> int:
    """Return the oldest kept event's number; a reader further back must fetch everything anew."""
    oldest = connection.execute(select(func.min(events.c.seq))).scalar()
    return last(connection) + 1 if oldest is None else int(oldest)


def prune(connection: Connection, before: Micros) -> int:
    """Delete events older than `before` and return how many they were."""
    return connection.execute(delete(events).where(events.c.created_us < before)).rowcount
