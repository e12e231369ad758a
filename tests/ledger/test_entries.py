"""The pure part: legs that sum to zero, and hashes that cover everything."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from manyhands.errors import InputError
from manyhands.ledger.entries import GENESIS, Leg, Record, chain_hash, merged, parameters_hash, positive
from manyhands.types import Micros

RECORD = Record(
    number=1,
    kind="issue",
    key="k",
    campaign=None,
    attempt=None,
    memo={"b": 1, "a": [2]},
    created_us=Micros(5),
    parameters_hash=parameters_hash("issue", {"amount": 3}),
    legs=(Leg("issuer", -3), Leg("wallet:plr_a", 3)),
)


def test_the_hash_is_fixed_for_ever() -> None:
    # A literal: if this changes, recorded chains no longer verify.
    assert chain_hash(GENESIS, RECORD) == "436e25340630e7ce4664b3d73edb896648cb1689c5f8425bf4f55cecc5bbebd2"
    assert (
        chain_hash(GENESIS, dataclasses.replace(RECORD, memo={"a": [2], "b": 1}))
        == "436e25340630e7ce4664b3d73edb896648cb1689c5f8425bf4f55cecc5bbebd2"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"kind": "fund"},
        {"key": "l"},
        {"campaign": "cmp_a"},
        {"attempt": "att_a"},
        {"memo": {}},
        {"created_us": 6},
        {"parameters_hash": "0"},
        {"legs": (Leg("issuer", -4), Leg("wallet:plr_a", 4))},
        {"legs": (Leg("issuer", -3), Leg("wallet:plr_b", 3))},
    ],
)
def test_the_hash_covers_every_field(change: dict[str, Any]) -> None:
    assert chain_hash(GENESIS, dataclasses.replace(RECORD, **change)) != chain_hash(GENESIS, RECORD)


def test_the_hash_covers_the_one_before() -> None:
    assert chain_hash("1" * 64, RECORD) != chain_hash(GENESIS, RECORD)


def test_legs_of_one_account_become_one_and_empty_ones_go() -> None:
    legs = [Leg("a", -5), Leg("b", 2), Leg("c", 0), Leg("b", 3)]
    assert merged(legs) == (Leg("a", -5), Leg("b", 5))


@pytest.mark.parametrize("amount", [1.5, True, 2**62, "1"])
def test_amounts_are_integers_of_62_bits(amount: Any) -> None:
    with pytest.raises(InputError):
        merged([Leg("a", amount), Leg("b", amount)])
    with pytest.raises(InputError):
        positive(amount)


def test_unbalanced_legs_and_amounts_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="sum to 1"):
        merged([Leg("a", 1)])
    for amount in (0, -1):
        with pytest.raises(InputError, match="above zero"):
            positive(amount)
