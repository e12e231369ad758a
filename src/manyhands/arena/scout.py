"""The scout: finds starts for players ahead of demand."""

from __future__ import annotations

import secrets
from typing import Any

import jax
from sqlalchemy import Connection, bindparam, func, insert, select

from manyhands.arena.shelf import Shelf
from manyhands.judging import starts
from manyhands.storage.schema import campaigns
from manyhands.storage.schema import starts as start_table
from manyhands.types import Json, new_start_id, now_us

AT_ONCE = 256
LEAST = 256
WINDOW_S = 60.0

# Asked ten times a second, so composed once: of each open campaign, how many starts there are and were taken.
_STOCK = (
    select(
        campaigns.c.id,
        campaigns.c.champion_cid,
        func.count(start_table.c.id).filter(
            start_table.c.used_us.is_(None), start_table.c.champion_cid == campaigns.c.champion_cid
        ),
        func.count(start_table.c.id).filter(start_table.c.used_us >= bindparam("since")),
    )
    .outerjoin(start_table, start_table.c.campaign_id == campaigns.c.id)
    .where(campaigns.c.state == "open", campaigns.c.champion_cid.is_not(None))
    .group_by(campaigns.c.id, campaigns.c.champion_cid)
)


class Scout:
    """One scout's work, in a thread of the referee's process.

    Players wait for it as they do for the referee. Beside the trainer, which computes when nothing else
    does, it would find nothing just when most players ask.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._database = shelf.database

    def step(self) -> bool:
        """Make starts for the campaign that is shortest of them; returns False if none is short."""
        short = self._shortest()
        if short is None:
            return False
        campaign_id, cid = short
        policy, course = self._shelf.policy(cid), self._shelf.course(campaign_id)
        # Nobody is to know the starts that are yet to come.
        key = jax.random.key(secrets.randbits(32))
        ready = starts.failing(course, policy.network, policy.params, key, AT_ONCE)
        with self._database.write() as connection:
            put_starts(connection, campaign_id, cid, ready)
            _forget_outdated(connection, campaign_id)
        return bool(ready)

    def _shortest(self) -> tuple[str, str] | None:
        """Campaign and champion where too few starts are unused for what players took in the last minute.

        What they took counts whichever champion it was of: a new champion is asked for as often as the last.
        """
        since = now_us() - round(WINDOW_S * 1e6)
        with self._database.read() as connection:
            rows = connection.execute(_STOCK, {"since": since}).all()
        lacking = [(left - max(LEAST, taken), name, cid) for name, cid, left, taken in rows]
        worst = min(lacking, default=None)
        if worst is None or worst[0] >= 0:
            return None
        return worst[1:]


def put_starts(connection: Connection, campaign_id: str, cid: str, ready: list[Json]) -> None:
    """Store starts of a champion."""
    if not ready:
        return
    rows: list[dict[str, Any]] = [
        {"id": new_start_id(), "campaign_id": campaign_id, "champion_cid": cid, "state": state}
        for state in ready
    ]
    connection.execute(insert(start_table), rows)


def _forget_outdated(connection: Connection, campaign_id: str) -> None:
    """Delete the starts of earlier champions that were given to nobody."""
    champion = select(campaigns.c.champion_cid).where(campaigns.c.id == campaign_id).scalar_subquery()
    connection.execute(
        start_table.delete().where(
            start_table.c.campaign_id == campaign_id,
            start_table.c.champion_cid != champion,
            start_table.c.used_us.is_(None),
        )
    )
