"""What a transfer is, and the hash that chains it to the one before. Pure: no clock, no database.

The chain: `hash = sha256(canonical JSON of the whole record, with the previous transfer's hash)`, so
changing, dropping or reordering any recorded transfer changes every later hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from manyhands.errors import InputError
from manyhands.types import AttemptId, CampaignId, Json, Micro, Micros

GENESIS = "0" * 64
"""The hash before the first transfer."""
LARGEST_MICRO = 2**62
MAX_KEY_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Leg:
    """One entry: an account and the signed amount by which it changes."""

    account: str
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A movement of credits that is to be recorded.

    `key` makes it happen once. `request` is what is compared when the key comes again: what the caller
    asked for, which need not be the legs that followed from the balances of the moment.
    """

    kind: str
    key: str
    legs: tuple[Leg, ...]
    request: Json
    campaign: CampaignId | None = None
    attempt: AttemptId | None = None
    memo: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recorded transfer."""

    number: int
    hash: str
    memo: Json
    repeated: bool
    """Whether this call found it recorded already."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that the chain covers of a recorded transfer."""

    number: int
    kind: str
    key: str
    campaign: str | None
    attempt: str | None
    memo: Json
    created_us: Micros
    parameters_hash: str
    legs: tuple[Leg, ...]


def canonical(value: Json | list[object]) -> bytes:
    """Return the one JSON text of a value: sorted keys, no blanks, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def parameters_hash(kind: str, request: Json) -> str:
    """Return the hex sha256 by which a repeated key is compared."""
    return hashlib.sha256(canonical([kind, request])).hexdigest()


def chain_hash(previous: str, record: Record) -> str:
    """Return the hex sha256 that chains `record` to the transfer whose hash is `previous`."""
    covered = [
        previous,
        record.number,
        record.kind,
        record.key,
        record.campaign,
        record.attempt,
        record.memo,
        record.created_us,
        record.parameters_hash,
        [[leg.account, leg.amount_micro] for leg in record.legs],
    ]
    return hashlib.sha256(canonical(covered)).hexdigest()


def merged(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """Return one leg per account, in order of first appearance, without those that come to zero.

    Raises:
        InputError: if the legs do not sum to zero, or an amount is no 62-bit integer.
    """
    totals: dict[str, int] = {}
    for leg in legs:
        if type(leg.amount_micro) is not int or abs(leg.amount_micro) >= LARGEST_MICRO:
            raise InputError(
                f"{leg.amount_micro!r} is not an amount in micro-credits.",
                field="amount_micro",
                remedy="Give a whole number of micro-credits.",
            )
        totals[leg.account] = totals.get(leg.account, 0) + leg.amount_micro
    if sum(totals.values()) != 0:
        raise InputError(
            f"The legs of a transfer sum to {sum(totals.values())} instead of 0.",
            field="legs",
            remedy="Debit and credit the same amount.",
        )
    return tuple(Leg(account, amount) for account, amount in totals.items() if amount)


def positive(amount_micro: int, name: str = "amount_micro") -> Micro:
    """Return an amount that is an integer above zero.

    Raises:
        InputError: otherwise.
    """
    if type(amount_micro) is not int or not 0 < amount_micro < LARGEST_MICRO:
        raise InputError(
            f"{amount_micro!r} is not an amount above zero.",
            field=name,
            remedy="Give a whole number of micro-credits above zero.",
        )
    return Micro(amount_micro)
