"""What leaves the server in full: a player's statement and data, a campaign's paid contributions."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, func, select, update

from manyhands import ledger
from manyhands.arena.attempts import encoded
from manyhands.arena.campaigns import find_campaign, may_manage
from manyhands.arena.paging import number_of, page
from manyhands.arena.players import existing_player
from manyhands.errors import ForbiddenError
from manyhands.storage.schema import assignments, attempts, disputes, entries, players
from manyhands.types import Json, Micros, PlayerId

LICENCE = "CC-BY-4.0"
LICENCE_NOTE = (
    "Contributions are licensed under CC BY 4.0; attribute them to the players of the campaign, "
    "naming its address."
)
_BATCH = 500
_ACCOUNTS = {"wallet": ledger.wallet, "cash": ledger.cash, "stake": ledger.stake, "loan": ledger.loan}
_WORDS = {
    "loan": "Starter loan",
    "stake": "Stake locked",
    "return": "Stake returned",
    "charge": "Stake charged",
    "pay": "Share of a lot",
    "fund": "Paid into a campaign",
    "refund": "Refund of a closed campaign",
    "issue": "Credits issued",
    "sponsor": "Prize money paid into a race",
    "prize": "Prize money of a closed race",
}


def statement(connection: Connection, player_id: str, cursor: str | None, size: int) -> Json:
    """Return a page of a player's statement, newest first: one line per account that a transfer changed.

    Raises:
        InputError: for a cursor that no answer carried.
    """
    player, before = PlayerId(player_id), number_of(cursor)
    found = ledger.statement(connection, player, before, size + 1)
    balances = {
        name: _balance_before(connection, account(player), before) for name, account in _ACCOUNTS.items()
    }
    lines: list[Json] = []
    for line in found[:size]:
        for name, amount in line.changes.items():
            lines.append(
                {
                    "transfer_id": str(line.number),
                    "kind": line.kind,
                    "account": name,
                    "amount_micro": int(amount),
                    "balance_micro": balances[name],
                    "campaign_id": line.campaign,
                    "attempt_id": _attempt_of(line),
                    "verdict_id": line.memo.get("verdict"),
                    "memo": _WORDS.get(line.kind, line.kind),
                    "hash": line.hash,
                    "created_us": line.created_us,
                }
            )
            balances[name] -= int(amount)
    after = str(found[size - 1].number) if len(found) > size else None
    return {"lines": lines, "next_cursor": after}


def _attempt_of(line: ledger.Line) -> str | None:
    payments = line.memo.get("payments")
    return str(payments[0][0]) if payments and len(payments) == 1 else line.attempt


def _balance_before(connection: Connection, account: str, before: int | None) -> int:
    """Return an account's balance just before transfer `before`, or now."""
    held = int(ledger.balance(connection, account))
    if before is None:
        return held
    later = connection.execute(
        select(func.coalesce(func.sum(entries.c.amount_micro), 0)).where(
            entries.c.account == account, entries.c.transfer_number >= before
        )
    ).scalar_one()
    return held - int(later)


def export_player(connection: Connection, player_id: str) -> Json:
    """Return everything stored about a player as plain rows."""
    player = existing_player(connection, player_id)
    lines: list[Json] = []
    cursor: str | None = None
    while True:
        part = statement(connection, player_id, cursor, _BATCH)
        lines += part["lines"]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    hidden = {"recovery_hash", "session_number"}
    return {
        "licence": LICENCE_NOTE,
        "player": {name: value for name, value in player.items() if name not in hidden},
        "assignments": _rows(connection, select(assignments).where(assignments.c.player_id == player_id)),
        "attempts": _rows(connection, select(attempts).where(attempts.c.player_id == player_id)),
        "disputes": _rows(connection, select(disputes).where(disputes.c.player_id == player_id)),
        "statement": lines,
    }


def _rows(connection: Connection, query: Any) -> list[Json]:
    return [
        {name: encoded(value) if isinstance(value, bytes) else value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]


def withdraw_data(connection: Connection, player_id: str, now: Micros) -> Json:
    """Keep a player's contributions out of all future training; books and payments stay as they are."""
    mine = (attempts.c.player_id == player_id) & attempts.c.withdrawn_us.is_(None)
    marked = connection.execute(update(attempts).where(mine).values(withdrawn_us=now)).rowcount
    # What is still pending is judged first, so that its stake is settled; the rest leaves its lot now.
    connection.execute(
        update(attempts)
        .where(attempts.c.player_id == player_id, attempts.c.status.in_(("valued", "judged")))
        .values(status="withdrawn")
    )
    connection.execute(update(players).where(players.c.id == player_id).values(withdrawn_us=now))
    return {
        "attempts_withdrawn": marked,
        "note": "Future training leaves these attempts out; what was paid or charged stays in the books.",
    }


def export_header(connection: Connection, key: str, player: Json | None) -> tuple[str, str]:
    """Return a campaign's id and the first line of its export: licence and campaign as JSON.

    Args:
        connection: any transaction.
        key: the campaign's id or slug.
        player: who asks; None is the operator at the command line.

    Raises:
        ForbiddenError: unless the player funds it or is an operator.
    """
    campaign = find_campaign(connection, key)
    if player is not None and not may_manage(campaign, player):
        raise ForbiddenError("Only its funder or an operator exports a campaign.")
    header = {
        "licence": LICENCE,
        "licence_note": LICENCE_NOTE,
        **{name: campaign[name] for name in ("id", "slug", "name", "environment", "config", "champion_cid")},
    }
    return campaign["id"], _line(header)


def export_batch(
    connection: Connection, campaign_id: str, cursor: str | None
) -> tuple[list[str], str | None]:
    """Return the next lines of a campaign's export and the cursor after them.

    Each line is one paid contribution that was not withdrawn; unpaid ones are not exported.
    """
    query = (
        select(
            attempts.c.id,
            attempts.c.player_id,
            attempts.c.champion_cid,
            attempts.c.ticks,
            attempts.c.actions,
            attempts.c.actors,
            attempts.c.value,
            attempts.c.paid_micro,
            attempts.c.root,
            attempts.c.received_us,
            assignments.c.start,
            assignments.c.seed,
        )
        .join(assignments, assignments.c.id == attempts.c.assignment_id)
        .where(
            attempts.c.campaign_id == campaign_id,
            attempts.c.paid_micro > 0,
            attempts.c.withdrawn_us.is_(None),
        )
    )
    rows, after = page(connection, query, (attempts.c.received_us, attempts.c.id), cursor, _BATCH)
    lines = [
        _line({name: encoded(value) if isinstance(value, bytes) else value for name, value in row.items()})
        for row in rows
    ]
    return lines, after


def _line(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n"
