"""Tables of players and of the open lot."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from manyhands.arena.attempts import encoded
from manyhands.arena.campaigns import find_campaign
from manyhands.arena.paging import number_of, page
from manyhands.storage.schema import attempts, players, rounds
from manyhands.types import Json

_COUNTED = ("valued", "judged")
_PAID = func.coalesce(func.sum(attempts.c.paid_micro), 0)
_CHARGED = func.coalesce(func.sum(attempts.c.charged_micro), 0)


def _totals(*extra: ColumnElement[Any]) -> Select[Any]:
    """Sums by player, best net first; a contribution is an accepted attempt that entered a lot."""
    contribution = case((attempts.c.lot_number.is_not(None), 1), else_=0)
    value = case((attempts.c.lot_number.is_not(None), attempts.c.value), else_=0.0)
    return (
        select(
            attempts.c.player_id,
            players.c.name,
            func.count().label("attempts"),
            func.sum(contribution).label("contributions"),
            func.coalesce(func.sum(value), 0.0).label("value"),
            _PAID.label("paid_micro"),
            _CHARGED.label("charged_micro"),
            (_PAID - _CHARGED).label("net_micro"),
            *extra,
        )
        .join(players, players.c.id == attempts.c.player_id)
        .group_by(attempts.c.player_id, players.c.name)
        .order_by((_PAID - _CHARGED).desc(), attempts.c.player_id)
    )


def campaign_players(connection: Connection, key: str, cursor: str | None, size: int) -> Json:
    """Return a page of a campaign's players, best net first; the cursor counts rows.

    Raises:
        NotFoundError: if there is no such campaign.
        InputError: for a cursor that no answer carried.
    """
    campaign = find_campaign(connection, key)
    offset = number_of(cursor) or 0
    query = _totals().where(attempts.c.campaign_id == campaign["id"]).offset(offset).limit(size + 1)
    rows = [_integers(dict(row)) for row in connection.execute(query).mappings()]
    after = str(offset + size) if len(rows) > size else None
    return {"players": rows[:size], "next_cursor": after}


def leaderboard(connection: Connection, size: int) -> list[Json]:
    """Return the best players over all campaigns, ranked from 1."""
    query = _totals(func.count(attempts.c.campaign_id.distinct()).label("campaigns")).limit(size)
    rows = connection.execute(query).mappings()
    return [{**_integers(dict(row)), "rank": rank} for rank, row in enumerate(rows, start=1)]


def own_rank(connection: Connection, player_id: str) -> int | None:
    """Return a player's rank over all campaigns, None before its first attempt."""
    totals = (
        select(attempts.c.player_id, (_PAID - _CHARGED).label("net"))
        .group_by(attempts.c.player_id)
        .subquery()
    )
    own = connection.execute(select(totals.c.net).where(totals.c.player_id == player_id)).scalar()
    if own is None:
        return None
    better = connection.execute(
        select(func.count()).select_from(totals).where(totals.c.net > own)
    ).scalar_one()
    return better + 1


def _integers(row: Json) -> Json:
    # PostgreSQL sums bigints to decimals.
    for name in ("contributions", "paid_micro", "charged_micro", "net_micro"):
        row[name] = int(row[name])
    return row


def lot_summary(connection: Connection, campaign: Json) -> Json:
    """Return the figures of a campaign's open lot."""
    mine = attempts.c.campaign_id == campaign["id"]
    in_lot = connection.execute(
        select(
            func.count().label("contributions"),
            func.coalesce(func.sum(case((attempts.c.value > 0, 1), else_=0)), 0).label("positive"),
            func.count(attempts.c.player_id.distinct()).label("players"),
        ).where(mine, attempts.c.lot_number == campaign["lot_number"], attempts.c.status.in_(_COUNTED))
    ).one()
    pending = connection.execute(
        select(func.count()).select_from(attempts).where(mine, attempts.c.status == "pending")
    ).scalar_one()
    current = connection.execute(
        select(rounds.c.id, rounds.c.opened_us)
        .where(rounds.c.campaign_id == campaign["id"], rounds.c.state == "open")
        .order_by(rounds.c.number.desc())
        .limit(1)
    ).one_or_none()
    in_round = (
        connection.execute(
            select(func.count()).select_from(attempts).where(attempts.c.round_id == current.id)
        ).scalar_one()
        if current
        else 0
    )
    waiting = connection.execute(
        select(func.count())
        .select_from(rounds)
        .where(rounds.c.campaign_id == campaign["id"], rounds.c.state == "closed")
    ).scalar_one()
    return {
        "number": campaign["lot_number"],
        "tries": campaign["lot_tries"],
        "contributions": in_lot.contributions,
        "positive": int(in_lot.positive),
        "players": in_lot.players,
        "pending": pending,
        "round_id": current.id if current else None,
        "round_contributions": in_round,
        "round_opened_us": current.opened_us if current else None,
        "rounds_waiting": waiting,
    }


def campaign_lot(connection: Connection, key: str, cursor: str | None, size: int) -> Json:
    """Return the open lot with a page of its contributions, newest first."""
    campaign = find_campaign(connection, key)
    query = (
        select(
            attempts.c.id,
            attempts.c.player_id,
            players.c.name.label("player_name"),
            attempts.c.status,
            attempts.c.value,
            attempts.c.ticks,
            attempts.c.actors,
            attempts.c.received_us,
        )
        .join(players, players.c.id == attempts.c.player_id)
        .where(
            attempts.c.campaign_id == campaign["id"],
            attempts.c.lot_number == campaign["lot_number"],
            attempts.c.status.in_(_COUNTED),
        )
    )
    rows, after = page(connection, query, (attempts.c.received_us, attempts.c.id), cursor, size)
    entries = [{"attempt_id": row.pop("id"), **row, "actors": encoded(row["actors"])} for row in rows]
    return {**lot_summary(connection, campaign), "entries": entries, "next_cursor": after}
