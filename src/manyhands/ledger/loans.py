"""Starter loans: what lets a new player stake before it has earned anything."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from manyhands.errors import QuotaError
from manyhands.ledger import accounts as names
from manyhands.ledger.book import post
from manyhands.ledger.entries import Leg, Transfer, positive
from manyhands.storage.schema import loans
from manyhands.types import MICROS_PER_SECOND, Json, Micro, Micros, PlayerId

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """How much a new player gets, and how much all of an address or of a day may get together."""

    amount_micro: Micro
    address_day_micro: Micro
    day_micro: Micro


def starter_loan(
    connection: Connection, player: PlayerId, address_hash: str, terms: LoanTerms, now: Micros
) -> Micro:
    """Lend a player its starter credits, once in its life, and return the amount.

    It is repaid from the first earnings (`moves.pay_lot`).

    Args:
        connection: from `Database.write`.
        player: who gets it.
        address_hash: stands for the player's network address; the address itself is not kept.
        terms: amount and caps; the day is that of UTC.
        now: the present moment.

    Raises:
        QuotaError: if the address or the day has no loan left; nothing is changed.
    """
    request: Json = {"player": player}
    given = connection.execute(select(loans.c.amount_micro).where(loans.c.player_id == player)).scalar()
    if given is not None:
        return Micro(given)
    amount = positive(terms.amount_micro)
    seconds = now // MICROS_PER_SECOND
    day = seconds // _DAY_S
    wait_s = (day + 1) * _DAY_S - seconds
    today = select(func.coalesce(func.sum(loans.c.amount_micro), 0)).where(loans.c.day == day)
    if connection.execute(today).scalar_one() + amount > terms.day_micro:
        raise QuotaError("Today's starter loans are used up.", retry_after_s=wait_s)
    by_address = today.where(loans.c.address_hash == address_hash)
    if connection.execute(by_address).scalar_one() + amount > terms.address_day_micro:
        raise QuotaError("Today's starter loans of this address are used up.", retry_after_s=wait_s)
    legs = (Leg(names.loan(player), -amount), Leg(names.wallet(player), amount))
    post(connection, Transfer("loan", f"loan:{player}", legs, request), now)
    connection.execute(
        insert(loans).values(player_id=player, address_hash=address_hash, day=day, amount_micro=amount)
    )
    return amount
