"""The movements of credits that the project knows, each a transfer under a key of its own.

All take a connection from `Database.write`, raise `CreditError` where an account does not hold the
amount and `IdempotencyError` where the same thing was done before with other parameters, and change
nothing then. Repeating a call with the same parameters returns the same result and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from manyhands.errors import CreditError, InputError
from manyhands.ledger import accounts as names
from manyhands.ledger.book import balance, balances_of, find, post
from manyhands.ledger.entries import Leg, Receipt, Transfer, positive
from manyhands.ledger.splitting import split
from manyhands.storage.schema import entries, transfers
from manyhands.types import AssignmentId, AttemptId, CampaignId, Json, Micro, Micros, PlayerId, VerdictId

_STAKE = (
    select(transfers.c.campaign_id, entries.c.account, entries.c.amount_micro)
    .join(entries, entries.c.transfer_number == transfers.c.number)
    .where(transfers.c.idempotency_key == bindparam("key"), entries.c.amount_micro > 0)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A contribution's claim on its lot: who is paid, and in proportion to what."""

    attempt: AttemptId
    player: PlayerId
    weight: float


@dataclass(frozen=True, slots=True)
class Payment:
    """What a contribution was paid, and how much of that went into the starter loan."""

    attempt: AttemptId
    player: PlayerId
    amount_micro: Micro
    repaid_micro: Micro


def issue(connection: Connection, account: str, amount: Micro, key: str, now: Micros) -> Receipt:
    """Create credits in a wallet, cash or escrow account; the only way that credits come into being.

    Raises:
        InputError: for an account of another kind, or an amount that is not above 0.
    """
    request: Json = {"account": account, "amount": positive(amount)}
    if not account.startswith(("wallet:", "cash:", "escrow:")):
        raise InputError(
            f"Credits cannot be issued to {account}.",
            field="account",
            remedy="Name a wallet:, cash: or escrow: account.",
        )
    legs = (Leg(names.ISSUER, -amount), Leg(account, amount))
    campaign = CampaignId(account.partition(":")[2]) if account.startswith("escrow:") else None
    return post(connection, Transfer("issue", key, legs, request, campaign=campaign), now)


def fund(
    connection: Connection,
    player: PlayerId,
    campaign: CampaignId,
    amount: Micro,
    key: str,
    now: Micros,
    *,
    withdrawable: bool = False,
) -> Receipt:
    """Move a funder's credits into a campaign's escrow: cash for a withdrawable one, else the wallet's."""
    source = names.purse(player, withdrawable)
    request: Json = {"from": source, "campaign": campaign, "amount": positive(amount)}
    legs = (Leg(source, -amount), Leg(names.escrow(campaign), amount))
    return post(connection, Transfer("fund", key, legs, request, campaign=campaign), now)


def lock_stake(
    connection: Connection,
    player: PlayerId,
    campaign: CampaignId,
    assignment: AssignmentId,
    amount: Micro,
    now: Micros,
) -> Receipt | None:
    """Lock a stake for an assignment, once; None where the stake is 0."""
    if amount == 0:
        return None
    request: Json = {"player": player, "campaign": campaign, "amount": positive(amount)}
    legs = (Leg(names.wallet(player), -amount), Leg(names.stake(player), amount))
    transfer = Transfer(
        "stake", _stake_key(assignment), legs, request, campaign=campaign, memo={"assignment": assignment}
    )
    return post(connection, transfer, now)


def return_stake(connection: Connection, assignment: AssignmentId, now: Micros) -> Receipt | None:
    """Give an assignment's whole stake back; None where none was locked."""
    return charge(connection, assignment, None, Micro(0), now)


def charge(
    connection: Connection,
    assignment: AssignmentId,
    attempt: AttemptId | None,
    amount: Micro,
    now: Micros,
) -> Receipt | None:
    """Settle an assignment's stake: `amount` goes back to the issuer, the rest to the wallet.

    A stake is settled once, whatever way: charging after a return is an error, and so is another amount.
    Returns None where no stake was locked.

    Raises:
        CreditError: if `amount` is above the stake, or above 0 and none was locked.
    """
    locked = _locked(connection, assignment)
    if amount < 0 or amount > (locked.amount_micro if locked else 0):
        raise CreditError(
            f"{amount} micro-credits cannot be charged for {assignment}, whose stake is "
            f"{locked.amount_micro if locked else 0}.",
            field="amount_micro",
        )
    if locked is None:
        return None
    legs = (
        Leg(f"stake:{locked.player}", -locked.amount_micro),
        Leg(names.ISSUER, amount),
        Leg(f"wallet:{locked.player}", locked.amount_micro - amount),
    )
    transfer = Transfer(
        "charge" if amount else "return",
        f"settle:{assignment}",
        legs,
        {"attempt": attempt, "amount": amount},
        campaign=locked.campaign,
        attempt=attempt,
        memo={"assignment": assignment},
    )
    return post(connection, transfer, now)


def pay_lot(
    connection: Connection,
    campaign: CampaignId,
    verdict: VerdictId,
    pool: Micro,
    claims: Sequence[Claim],
    now: Micros,
    *,
    withdrawable: bool = False,
) -> list[Payment]:
    """Pay `pool` out of a campaign's escrow to the claims of a lot, in proportion to their weights.

    Rounded by largest remainder, so the payments sum to `pool` exactly. A player's earnings first repay
    the outstanding starter loan, the rest goes to the wallet, or to cash for a withdrawable campaign.
    Claims of weight 0 are allowed and get 0. A verdict pays once.

    Returns:
        one payment per claim, in the claims' order.
    """
    request: Json = {
        "campaign": campaign,
        "pool": positive(pool, "pool"),
        "claims": [[claim.attempt, claim.player, claim.weight] for claim in claims],
    }
    key = f"pay:{verdict}"
    earlier = find(connection, "pay", key, request)
    if earlier is not None:
        return _payments(earlier.memo)
    if balance(connection, names.escrow(campaign)) < pool:
        raise CreditError(f"The escrow of {campaign} holds less than {pool} micro-credits.", field="pool")
    shares = split(pool, [claim.weight for claim in claims])
    owed = balances_of(connection, [names.loan(claim.player) for claim in claims])
    legs = [Leg(names.escrow(campaign), -pool)]
    payments = []
    for claim, share in zip(claims, shares, strict=True):
        repaid, *earned = earning(owed, claim.player, share, withdrawable=withdrawable)
        legs += earned
        payments.append(Payment(claim.attempt, claim.player, share, repaid))
    memo: Json = {
        "verdict": verdict,
        "payments": [[p.attempt, p.player, p.amount_micro, p.repaid_micro] for p in payments],
    }
    post(connection, Transfer("pay", key, tuple(legs), request, campaign=campaign, memo=memo), now)
    return payments


def earning(
    owed: dict[str, int], player: PlayerId, share: Micro, *, withdrawable: bool = False
) -> tuple[Micro, Leg, Leg]:
    """Return how much of a share repays the starter loan, and the legs into loan and purse.

    owed: balances of loan accounts, which the repayment changes.
    """
    debt = names.loan(player)
    repaid = Micro(min(share, -owed.get(debt, 0)))
    owed[debt] = owed.get(debt, 0) + repaid
    return repaid, Leg(debt, repaid), Leg(names.purse(player, withdrawable), share - repaid)


def refund(
    connection: Connection,
    campaign: CampaignId,
    funder: PlayerId | None,
    now: Micros,
    *,
    withdrawable: bool = False,
) -> Receipt | None:
    """Return all that is left in a closed campaign's escrow to its funder, once.

    Where nobody funded it (a ready-made campaign) the credits go back to the issuer. None where the
    escrow is empty.
    """
    target = names.purse(funder, withdrawable) if funder else names.ISSUER
    request: Json = {"campaign": campaign, "to": target}
    key = f"refund:{campaign}"
    earlier = find(connection, "refund", key, request)
    if earlier is not None:
        return earlier
    left = balance(connection, names.escrow(campaign))
    if left == 0:
        return None
    legs = (Leg(names.escrow(campaign), -left), Leg(target, left))
    return post(connection, Transfer("refund", key, legs, request, campaign=campaign), now)


@dataclass(frozen=True, slots=True)
class _Locked:
    player: PlayerId
    campaign: CampaignId | None
    amount_micro: Micro


def _stake_key(assignment: AssignmentId) -> str:
    return f"stake:{assignment}"


def _locked(connection: Connection, assignment: AssignmentId) -> _Locked | None:
    row = connection.execute(_STAKE, {"key": _stake_key(assignment)}).one_or_none()
    if row is None:
        return None
    player = PlayerId(row.account.partition(":")[2])
    return _Locked(player, row.campaign_id, Micro(row.amount_micro))


def _payments(memo: Json) -> list[Payment]:
    return [Payment(*fields) for fields in memo["payments"]]
