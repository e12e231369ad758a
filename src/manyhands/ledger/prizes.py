"""Prize money of races: paid in when a race is created, paid out when it closes.

As in `moves`: connections are from `Database.write`, and repeating a call changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from manyhands.errors import CreditError
from manyhands.ledger import accounts as names
from manyhands.ledger.book import balance, balances_of, find, post
from manyhands.ledger.entries import Leg, Receipt, Transfer, positive
from manyhands.ledger.moves import earning, issue
from manyhands.types import Json, Micro, Micros, PlayerId, RaceId


@dataclass(frozen=True, slots=True)
class Prize:
    """What a racer has won."""

    player: PlayerId
    amount_micro: Micro


def sponsor(
    connection: Connection, race: RaceId, organiser: PlayerId | None, amount: Micro, now: Micros
) -> Receipt:
    """Move a race's prize money from its organiser's wallet into its escrow, once.

    Without an organiser the house issues it.

    Raises:
        CreditError: if the wallet does not hold the amount.
    """
    key, escrow = f"sponsor:{race}", names.escrow(race)
    if organiser is None:
        return issue(connection, escrow, amount, key, now)
    request: Json = {"from": names.wallet(organiser), "race": race, "amount": positive(amount)}
    legs = (Leg(names.wallet(organiser), -amount), Leg(escrow, amount))
    return post(connection, Transfer("sponsor", key, legs, request, memo={"race": race}), now)


def pay_prizes(
    connection: Connection,
    race: RaceId,
    prizes: Sequence[Prize],
    organiser: PlayerId | None,
    now: Micros,
) -> Receipt | None:
    """Empty a race's escrow: prizes to the racers, what is left to its organiser or the issuer, once.

    A racer's earnings first repay the outstanding starter loan. Returns None where the escrow is empty.

    Raises:
        CreditError: if the prizes are more than the escrow holds; nothing is paid then.
    """
    request: Json = {
        "race": race,
        "prizes": [[prize.player, positive(prize.amount_micro)] for prize in prizes],
        "organiser": organiser,
    }
    key = f"prize:{race}"
    earlier = find(connection, "prize", key, request)
    if earlier is not None:
        return earlier
    held = balance(connection, names.escrow(race))
    left = held - sum(prize.amount_micro for prize in prizes)
    if left < 0:
        raise CreditError(f"The prizes of {race} are {-left} micro-credits above its escrow.", field="prizes")
    if held == 0:
        return None
    owed = balances_of(connection, [names.loan(prize.player) for prize in prizes])
    legs, paid = [Leg(names.escrow(race), -held)], []
    for prize in prizes:
        repaid, *earned = earning(owed, prize.player, prize.amount_micro)
        legs += earned
        paid.append([prize.player, prize.amount_micro, repaid])
    legs.append(Leg(names.wallet(organiser) if organiser else names.ISSUER, left))
    memo: Json = {"race": race, "prizes": paid}
    return post(connection, Transfer("prize", key, tuple(legs), request, memo=memo), now)
