"""Verdicts as pages and auditors read them.

The judge writes a verdict's figures into its body under the names of `_FIGURES`; everything else there is
for those who recompute it.
"""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from manyhands.arena.campaigns import find_campaign
from manyhands.arena.paging import page
from manyhands.errors import NotFoundError
from manyhands.storage.schema import attempts, campaigns, players, rounds, verdicts
from manyhands.types import Json

_FIGURES = ("score_before", "score_after", "gain", "gain_low", "gain_high", "lot_number")
_SENTENCES = {
    "promoted": "The candidate passed the gate and is the champion now.",
    "kept": "No measurable change yet; the lot stays open.",
    "control_promoted": "Old data alone made a better champion; nobody is paid and the lot stays open.",
    "rolled_back": "The champion turned out worse than its predecessor, which is back.",
    "bootstrap": "The first champion, from a few seconds of the reference driver.",
}


def verdict_summary(row: Json) -> Json:
    """Return a verdict's row as a summary."""
    body = row["body"]
    return {
        "id": row["id"],
        "campaign_id": row["campaign_id"],
        "round_id": row["round_id"],
        "number": row["number"],
        "kind": row["kind"],
        "champion_before": row["champion_before"],
        "champion_after": row["champion_after"],
        **{name: body.get(name) for name in _FIGURES},
        "pool_micro": body.get("pool_micro", 0),
        "charged_micro": body.get("charged_micro", 0),
        "contributions": body.get("contributions", 0),
        "sentence": body.get("sentence", _SENTENCES[row["kind"]]),
        "created_us": row["created_us"],
    }


def verdict_of_round(connection: Connection, round_id: str) -> Json | None:
    """Return the summary of a round's verdict, None before it is judged."""
    row = connection.execute(select(verdicts).where(verdicts.c.round_id == round_id)).mappings().one_or_none()
    return None if row is None else verdict_summary(dict(row))


def lot_promotion(connection: Connection, campaign_id: str, lot_number: int) -> Json | None:
    """Return the promotion that paid a lot, or else its first promotion; None before any."""
    paid = func.coalesce(verdicts.c.body["pool_micro"].as_integer(), 0) > 0
    row = (
        connection.execute(
            select(verdicts)
            .where(
                verdicts.c.campaign_id == campaign_id,
                verdicts.c.kind == "promoted",
                verdicts.c.body["lot_number"].as_integer() == lot_number,
            )
            .order_by(case((paid, 0), else_=1), verdicts.c.number)
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else verdict_summary(dict(row))


def campaign_verdicts(connection: Connection, key: str, cursor: str | None, size: int) -> Json:
    """Return a page of a campaign's verdicts, newest first."""
    query = select(verdicts).where(verdicts.c.campaign_id == find_campaign(connection, key)["id"])
    rows, after = page(connection, query, (verdicts.c.number, verdicts.c.id), cursor, size)
    return {"verdicts": [verdict_summary(row) for row in rows], "next_cursor": after}


def verdict_detail(connection: Connection, verdict_id: str) -> Json:
    """Return a verdict with all that is needed to recompute it.

    Raises:
        NotFoundError: if there is none.
    """
    row = (
        connection.execute(
            select(verdicts, campaigns.c.environment, rounds.c.secret_commit, rounds.c.secret)
            .join(campaigns, campaigns.c.id == verdicts.c.campaign_id)
            .outerjoin(rounds, rounds.c.id == verdicts.c.round_id)
            .where(verdicts.c.id == verdict_id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(
            f"There is no verdict {verdict_id}.",
            field="verdict_id",
            remedy="GET /api/campaigns/{id}/verdicts lists them.",
        )
    summary = verdict_summary(dict(row))
    return {
        **summary,
        "environment": row["environment"],
        "secret_commit": row["secret_commit"],
        "secret": row["secret"],
        "entries": _entries(connection, summary),
        "body": row["body"],
    }


def _entries(connection: Connection, verdict: Json) -> list[Json]:
    """Return the attempts a verdict was about: the whole lot if it paid, else its round."""
    mine = (
        (attempts.c.campaign_id == verdict["campaign_id"]) & (attempts.c.lot_number == verdict["lot_number"])
        if verdict["kind"] == "promoted" and verdict["lot_number"] is not None
        else attempts.c.round_id == verdict["round_id"]
    )
    rows = connection.execute(
        select(
            attempts.c.id.label("attempt_id"),
            attempts.c.player_id,
            players.c.name.label("player_name"),
            attempts.c.value,
            attempts.c.paid_micro,
            attempts.c.charged_micro,
        )
        .join(players, players.c.id == attempts.c.player_id)
        .where(mine)
        .order_by(attempts.c.received_us)
        .limit(5000)
    ).mappings()
    return [dict(row) for row in rows]
