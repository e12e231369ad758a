"""A player's statement: every entry in its accounts, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from manyhands.ledger import accounts as names
from manyhands.storage.schema import entries, transfers
from manyhands.types import AttemptId, CampaignId, Json, Micro, Micros, PlayerId


@dataclass(frozen=True, slots=True)
class Line:
    """A transfer as one player sees it."""

    number: int
    kind: str
    created_us: Micros
    campaign: CampaignId | None
    attempt: AttemptId | None
    changes: dict[str, Micro]
    """By account without the player's id: wallet, cash, stake, loan."""
    memo: Json
    hash: str


def statement(
    connection: Connection, player: PlayerId, before: int | None = None, limit: int = 50
) -> list[Line]:
    """Return up to `limit` transfers that touched the player's accounts, newest first.

    Args:
        connection: any transaction.
        player: whose accounts.
        before: only transfers with a lower number, to page on.
        limit: the most to return.
    """
    mine = {
        account(player): account.__name__ for account in (names.wallet, names.cash, names.stake, names.loan)
    }
    wanted = select(entries.c.transfer_number).where(entries.c.account.in_(mine)).distinct()
    if before is not None:
        wanted = wanted.where(entries.c.transfer_number < before)
    numbers = wanted.order_by(entries.c.transfer_number.desc()).limit(limit).subquery()
    rows = connection.execute(
        select(transfers, entries.c.account, entries.c.amount_micro)
        .join(entries, entries.c.transfer_number == transfers.c.number)
        .where(transfers.c.number.in_(select(numbers)), entries.c.account.in_(mine))
        .order_by(transfers.c.number.desc(), entries.c.position)
    )
    lines: dict[int, Line] = {}
    for row in rows:
        line = lines.setdefault(
            row.number,
            Line(
                row.number,
                row.kind,
                row.created_us,
                row.campaign_id,
                row.attempt_id,
                {},
                _own(row.memo, player),
                row.hash,
            ),
        )
        line.changes[mine[row.account]] = Micro(row.amount_micro)
    return list(lines.values())


def _own(memo: Json, player: PlayerId) -> Json:
    # A lot's memo lists everybody's payments; a statement shows the player's alone.
    if "payments" not in memo:
        return memo
    return {**memo, "payments": [payment for payment in memo["payments"] if payment[1] == player]}
