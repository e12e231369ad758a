"""Audits the league: what races paid follows from their results, and the ledger says the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from manyhands import ledger
from manyhands.league import finals
from manyhands.league.entries import driven_of
from manyhands.league.races import standings
from manyhands.league.standings import awards, grid_of, table
from manyhands.ledger import Fault
from manyhands.storage.schema import races, transfers
from manyhands.types import Json, RaceId


def audit(connection: Connection) -> tuple[int, list[Fault]]:
    """Check every race and return their number and what does not agree.

    The escrow of an open race holds its prize. A closed one's is empty; its awards follow from its results,
    are what the ledger paid, and are together not above the prize. The grid of a final follows from
    qualifying, and its total times are the sums of their laps.
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
    found = _final(connection, row)
    if held:
        found.append(("prize", f"It is closed and its escrow holds {held} micro-credits."))
    won: list[Json] = row.awards or []
    if won != awards(row.prize_micro, row.shares, standings(connection, row)):
        found.append(("prize", "Its awards do not follow from its results."))
    if sum(award["amount_micro"] for award in won) > row.prize_micro:
        found.append(("prize", "Its awards are above its prize."))
    if row.prize_micro and _paid(connection, row.id) != [
        (award["player_id"], award["amount_micro"]) for award in won
    ]:
        found.append(("prize", "The ledger paid other prizes than it awards."))
    return found


def _final(connection: Connection, row: Row[Any]) -> list[tuple[str, str]]:
    final = finals.find(connection, row.id)
    if final is None:
        return []
    found = []
    if final.grid != grid_of(table(driven_of(connection, row.id, "policy"), row.ranking)):
        found.append(("final", "The grid of its final does not follow from qualifying."))
    cars = finals.cars_of(final)
    if cars and [car["entry_id"] for car in cars] != final.grid:
        found.append(("final", "Its final was driven by others than stood on the grid."))
    if any(car["total_ms"] is not None and car["total_ms"] != sum(car["laps_ms"]) for car in cars):
        found.append(("final", "A time of its final is not the sum of its laps."))
    return found


def _paid(connection: Connection, race_id: str) -> list[tuple[str, int]] | None:
    memo = connection.execute(
        select(transfers.c.memo).where(
            transfers.c.kind == "prize", transfers.c.idempotency_key == f"prize:{race_id}"
        )
    ).scalar()
    return None if memo is None else [(player, amount) for player, amount, _ in memo["prizes"]]
