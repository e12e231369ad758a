"""Recording transfers and reading balances; everything that moves credits goes through `post`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from manyhands.errors import CreditError, IdempotencyError, InputError
from manyhands.ledger import accounts as names
from manyhands.ledger.entries import (
    GENESIS,
    MAX_KEY_CHARACTERS,
    Receipt,
    Record,
    Transfer,
    chain_hash,
    merged,
    parameters_hash,
)
from manyhands.storage.database import next_number, require_exclusive
from manyhands.storage.schema import accounts, entries, transfers
from manyhands.types import Json, Micro, Micros, PlayerId

_COUNTER = "transfers"

# Built once: composing a statement costs more than running it.
_BY_KEY = select(transfers.c.number, transfers.c.hash, transfers.c.memo, transfers.c.parameters_hash).where(
    transfers.c.idempotency_key == bindparam("key")
)
_HASH_OF = select(transfers.c.hash).where(transfers.c.number == bindparam("of"))
_BALANCES = select(accounts.c.name, accounts.c.balance_micro).where(
    accounts.c.name.in_(bindparam("names", expanding=True))
)
_ADD_TRANSFER = insert(transfers)
_ADD_ENTRIES = insert(entries)
_CHANGE_BALANCE = (
    update(accounts)
    .where(accounts.c.name == bindparam("leg_account"))
    .values(balance_micro=accounts.c.balance_micro + bindparam("leg_micro"))
)


@dataclass(frozen=True, slots=True)
class Balances:
    """What a player has, in micro-credits."""

    wallet_micro: Micro
    cash_micro: Micro
    stake_micro: Micro
    loan_micro: Micro
    """The outstanding starter loan, as an amount above or equal to zero."""
    withdrawable_micro: Micro


def find(connection: Connection, kind: str, key: str, request: Json) -> Receipt | None:
    """Return the transfer recorded under `key`, None if there is none.

    Raises:
        IdempotencyError: if it was recorded for another kind or request.
    """
    row = connection.execute(_BY_KEY, {"key": key}).one_or_none()
    if row is None:
        return None
    if row.parameters_hash != parameters_hash(kind, request):
        raise IdempotencyError(
            f"The key {key!r} was used for a transfer with other parameters.", field="idempotency_key"
        )
    return Receipt(row.number, row.hash, row.memo, repeated=True)


def post(connection: Connection, transfer: Transfer, now: Micros) -> Receipt:
    """Record a transfer, once per key, and change the balances with it.

    Accounts are opened when first named. Nothing is written when an error is raised.

    Args:
        connection: from `Database.write`.
        transfer: legs that sum to zero.
        now: the moment to record.

    Raises:
        CreditError: if an account would leave its range (see `accounts`).
        IdempotencyError: if the key was used with another request.
        InputError: for legs that do not sum to zero, or a key that is empty or too long.
    """
    require_exclusive(connection)
    if not 0 < len(transfer.key) <= MAX_KEY_CHARACTERS:
        raise InputError(
            f"An idempotency key has 1 to {MAX_KEY_CHARACTERS} characters.", field="idempotency_key"
        )
    legs = merged(transfer.legs)
    earlier = find(connection, transfer.kind, transfer.key, transfer.request)
    if earlier is not None:
        return earlier
    before = balances_of(connection, [leg.account for leg in legs])
    for leg in legs:
        after = before.get(leg.account, 0) + leg.amount_micro
        if names.balance_fault(leg.account, after) is not None:
            raise CreditError(
                f"The account {leg.account} holds {before.get(leg.account, 0)} micro-credits, "
                f"which {leg.amount_micro:+d} would overdraw.",
                field="amount_micro",
            )
    number = next_number(connection, _COUNTER)
    record = Record(
        number=number,
        kind=transfer.kind,
        key=transfer.key,
        campaign=transfer.campaign,
        attempt=transfer.attempt,
        memo=transfer.memo,
        created_us=now,
        parameters_hash=parameters_hash(transfer.kind, transfer.request),
        legs=legs,
    )
    return _write(connection, record, new_accounts={leg.account for leg in legs} - before.keys())


def _write(connection: Connection, record: Record, new_accounts: Collection[str]) -> Receipt:
    previous = (
        connection.execute(_HASH_OF, {"of": record.number - 1}).scalar_one() if record.number > 1 else GENESIS
    )
    digest = chain_hash(previous, record)
    if new_accounts:
        connection.execute(
            insert(accounts),
            [{"name": name, "created_us": record.created_us} for name in sorted(new_accounts)],
        )
    connection.execute(
        _ADD_TRANSFER,
        {
            "number": record.number,
            "kind": record.kind,
            "idempotency_key": record.key,
            "campaign_id": record.campaign,
            "attempt_id": record.attempt,
            "memo": record.memo,
            "created_us": record.created_us,
            "parameters_hash": record.parameters_hash,
            "previous_hash": previous,
            "hash": digest,
        },
    )
    connection.execute(
        _ADD_ENTRIES,
        [
            {
                "transfer_number": record.number,
                "position": position,
                "account": leg.account,
                "amount_micro": leg.amount_micro,
            }
            for position, leg in enumerate(record.legs)
        ],
    )
    connection.execute(
        _CHANGE_BALANCE,
        [{"leg_account": leg.account, "leg_micro": leg.amount_micro} for leg in record.legs],
    )
    return Receipt(record.number, digest, record.memo, repeated=False)


def balances_of(connection: Connection, wanted: Collection[str]) -> dict[str, int]:
    """Return the balance in micro-credits of each account in `wanted` that has been opened."""
    rows = connection.execute(_BALANCES, {"names": sorted(set(wanted))})
    return {row.name: row.balance_micro for row in rows}


def balance(connection: Connection, account: str) -> Micro:
    """Return an account's balance; 0 if it was never used."""
    return Micro(balances_of(connection, [account]).get(account, 0))


def player_balances(connection: Connection, player: PlayerId) -> Balances:
    """Return all that a player has, owes, and could withdraw now.

    Nothing can be withdrawn while a starter loan is outstanding.
    """
    held = balances_of(
        connection, [names.wallet(player), names.cash(player), names.stake(player), names.loan(player)]
    )
    owed = -held.get(names.loan(player), 0)
    cash = held.get(names.cash(player), 0)
    return Balances(
        wallet_micro=Micro(held.get(names.wallet(player), 0)),
        cash_micro=Micro(cash),
        stake_micro=Micro(held.get(names.stake(player), 0)),
        loan_micro=Micro(owed),
        withdrawable_micro=Micro(0 if owed else cash),
    )
