"""Audits the league: what races paid follows from their results, and the ledger says the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from manyhands import ledger
from manyhands.league.entries import driven_of
from manyhands.league.standings import awards, table
from manyhands.ledger import Fault
from manyhands.storage.schema import races, transfers
from manyhands.types import Json, RaceId


def audit(connection: Connection) -> tuple[int, list[Fault]]:
    """Check every race and return their number and what does not agree.

    The escrow of an open race holds its prize. A closed one's is empty; its awards follow from its results,
    are what the ledger paid, and are together not above the prize.
    """
    rows = connection.execute(select(races).order_by(races.c.id)).all()
    faults = [Fault(code, row.id, message) for row in rows for code, message in _race(connection, row)]
    return len(rows), faults


def _race(connection: Connection, row: Row[Any]) -> list[tuple[str, str]]:
    held = ledger.balance(connection, ledger.escrow(RaceId(row.id)))
    if row.state == "open":
        if held == row.prize_micro:
            return []
        return [("prize", f"Its escrow holds {held} micro-credits, its prize is {row.prize_micro}.")]
    found = []
    if held:
        found.append(("prize", f"It is closed and its escrow holds {held} micro-credits."))
    won: list[Json] = row.awards or []
    due = awards(row.prize_micro, row.shares, table(driven_of(connection, row.id, "policy"), row.ranking))
    if won != due:
        found.append(("prize", "Its awards do not follow from its results."))
    if sum(award["amount_micro"] for award in won) > row.prize_micro:
        found.append(("prize", "Its awards are above its prize."))
    if row.prize_micro and _paid(connection, row.id) != [
        (award["player_id"], award["amount_micro"]) for award in won
    ]:
        found.append(("prize", "The ledger paid other prizes than it awards."))
    return found


def _paid(connection: Connection, race_id: str) -> list[tuple[str, int]] | None:
    memo = connection.execute(
        select(transfers.c.memo).where(
            transfers.c.kind == "prize", transfers.c.idempotency_key == f"prize:{race_id}"
        )
    ).scalar()
    return None if memo is None else [(player, amount) for player, amount, _ in memo["prizes"]]
