"""Recomputes the whole ledger from its entries and lists what does not agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from manyhands.ledger import accounts as names
from manyhands.ledger.entries import GENESIS, Leg, Record, chain_hash
from manyhands.storage.database import last_number
from manyhands.storage.schema import accounts, entries, transfers
from manyhands.types import Micros

_SOURCES = {
    "issue": ("issuer",),
    "loan": ("loan",),
    "fund": ("wallet", "cash"),
    "stake": ("wallet",),
    "return": ("stake",),
    "charge": ("stake",),
    "pay": ("escrow",),
    "refund": ("escrow",),
    "sponsor": ("wallet",),
    "prize": ("escrow",),
}
"""By kind of transfer: the sorts of account it may take from."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not agree: a stable code, where, and one sentence."""

    code: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was recomputed, and the faults found."""

    transfers: int
    accounts: int
    issued_micro: int
    last_hash: str
    faults: list[Fault]


@dataclass
class _Books:
    """Sums that grow as the transfers are read in order."""

    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    funded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    spent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cash_in: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cash_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    staked: dict[str, int] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    issued: int = 0
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, where: str, message: str) -> None:
        self.faults.append(Fault(code, where, message))


def audit(connection: Connection) -> Audit:
    """Check every invariant of the ledger by recomputing it from transfers and entries.

    Chain and numbering; each transfer sums to zero and takes only from where its kind may; each stored
    balance equals the sum of its entries and lies in its range at every moment; the payments and
    refunds of a campaign or a race never exceed what was put into its escrow; no stake loses more than
    itself or is settled twice; play credits never become cash.

    Args:
        connection: from `Database.read`, which sees one moment.
    """
    books = _Books()
    previous, expected = GENESIS, 0
    for row, legs in _recorded(connection):
        expected += 1
        where = f"transfer {row.number}"
        if row.number != expected:
            books.fault("gap", where, f"Transfer {expected} is missing before it.")
            expected = row.number
        previous = _check_link(books, where, row, legs, previous)
        _check_sums(books, where, row.kind, legs)
        _follow_escrow(books, where, legs)
        _follow_stake(books, where, row, legs)
    if last_number(connection, "transfers") != expected:
        books.fault("gap", f"transfer {expected + 1}", "The newest transfers are missing.")
    stored = _check_balances(connection, books)
    return Audit(expected, stored, books.issued, previous, books.faults)


def _recorded(connection: Connection) -> Iterator[tuple[Any, tuple[Leg, ...]]]:
    rows = connection.execute(
        select(transfers, entries.c.account, entries.c.amount_micro)
        .join(entries, entries.c.transfer_number == transfers.c.number, isouter=True)
        .order_by(transfers.c.number, entries.c.position),
        execution_options={"yield_per": 1000},
    )
    for _, group in groupby(rows, key=lambda row: row.number):
        together = list(group)
        legs = tuple(Leg(row.account, row.amount_micro) for row in together if row.account is not None)
        yield together[0], legs


def _check_link(books: _Books, where: str, row: Any, legs: tuple[Leg, ...], previous: str) -> str:
    record = Record(
        number=row.number,
        kind=row.kind,
        key=row.idempotency_key,
        campaign=row.campaign_id,
        attempt=row.attempt_id,
        memo=row.memo,
        created_us=Micros(row.created_us),
        parameters_hash=row.parameters_hash,
        legs=legs,
    )
    if row.previous_hash != previous:
        books.fault("chain", where, "It does not continue the hash of the transfer before.")
    if row.hash != chain_hash(row.previous_hash, record):
        books.fault("chain", where, "Its content does not match its hash.")
    return str(row.hash)


def _check_sums(books: _Books, where: str, kind: str, legs: tuple[Leg, ...]) -> None:
    if sum(leg.amount_micro for leg in legs) != 0:
        books.fault("sum", where, "Its entries do not sum to zero.")
    allowed = _SOURCES.get(kind)
    if allowed is None:
        books.fault("kind", where, f"Its kind {kind!r} is unknown.")
    for leg in legs:
        sort = leg.account.partition(":")[0]
        if leg.amount_micro < 0 and allowed is not None and sort not in allowed:
            books.fault("source", where, f"A transfer of kind {kind!r} took from {leg.account}.")
        books.balances[leg.account] += leg.amount_micro
        wrong = names.balance_fault(leg.account, books.balances[leg.account])
        if wrong:
            books.fault("range", where, f"After it the balance of {leg.account} {wrong}.")
        if leg.account == names.ISSUER and leg.amount_micro < 0:
            books.issued -= leg.amount_micro


def _follow_escrow(books: _Books, where: str, legs: tuple[Leg, ...]) -> None:
    budget = next((leg for leg in legs if leg.account.startswith("escrow:")), None)
    if budget is None:
        return
    cash = sum(leg.amount_micro for leg in legs if leg.account.startswith("cash:"))
    if budget.amount_micro > 0:
        books.funded[budget.account] += budget.amount_micro
        # Credits issued into an escrow may become cash only where the operator says so, by way of
        # issuing cash to a funder: here they count as play credits.
        books.cash_in[budget.account] -= cash
    else:
        books.spent[budget.account] -= budget.amount_micro
        books.cash_out[budget.account] += cash
    if books.spent[budget.account] > books.funded[budget.account]:
        books.fault("escrow", where, f"{budget.account} paid more than was put into it.")
    if books.cash_out[budget.account] > books.cash_in[budget.account]:
        books.fault("cash", where, f"{budget.account} turned play credits into cash.")


def _follow_stake(books: _Books, where: str, row: Any, legs: tuple[Leg, ...]) -> None:
    if row.kind not in ("stake", "return", "charge"):
        return
    assignment = str(row.memo.get("assignment"))
    moved = sum(leg.amount_micro for leg in legs if leg.account.startswith("stake:"))
    if row.kind == "stake":
        books.staked[assignment] = moved
        return
    if assignment in books.settled:
        books.fault("stake", where, f"The stake of {assignment} is settled twice.")
    books.settled.add(assignment)
    lost = sum(leg.amount_micro for leg in legs if leg.account == names.ISSUER)
    if -moved != books.staked.get(assignment) or not 0 <= lost <= -moved:
        books.fault("stake", where, f"The settlement of {assignment} does not match its stake.")


def _check_balances(connection: Connection, books: _Books) -> int:
    rows = connection.execute(select(accounts.c.name, accounts.c.balance_micro))
    stored = {row.name: int(row.balance_micro) for row in rows}
    for name in sorted(stored.keys() | books.balances.keys()):
        if stored.get(name, 0) != books.balances.get(name, 0):
            books.fault(
                "balance",
                name,
                f"The stored balance is {stored.get(name, 0)}, its entries sum to "
                f"{books.balances.get(name, 0)}.",
            )
    if sum(stored.values()) != 0:
        books.fault("sum", "accounts", "All balances together do not sum to zero.")
    return len(stored)
