"""Splits sum exactly, follow the weights, and round by largest remainder."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.errors import InputError
from manyhands.ledger import split
from manyhands.types import Micro

weights = st.lists(st.floats(min_value=0, max_value=1e9, allow_nan=False), min_size=1, max_size=30).filter(
    any
)


@given(st.integers(min_value=0, max_value=10**15), weights)
def test_shares_sum_exactly_and_are_at_most_one_off(total: int, parts: list[float]) -> None:
    shares = split(Micro(total), parts)
    assert sum(shares) == total
    whole = math.fsum(parts)
    for share, part in zip(shares, parts, strict=True):
        assert abs(share - total * part / whole) <= 1 + total * 1e-9
        assert share >= 0
        assert part > 0 or share == 0


@given(st.integers(min_value=0, max_value=10**12), weights)
def test_more_weight_never_gets_less(total: int, parts: list[float]) -> None:
    shares = split(Micro(total), parts)
    ordered = sorted(zip(parts, shares, strict=True))
    assert all(b[1] - a[1] >= (-1 if a[0] == b[0] else 0) for a, b in itertools.pairwise(ordered))


def test_the_remainder_goes_to_the_largest_remainders_then_to_the_first() -> None:
    assert split(Micro(10), [1, 1, 1]) == [4, 3, 3]
    assert split(Micro(7), [0.2, 0.5, 0.3]) == [1, 4, 2]
    assert split(Micro(0), [1, 2]) == [0, 0]


@pytest.mark.parametrize("bad", [[], [0.0, 0.0], [1.0, -1.0], [math.nan], [math.inf, 1.0]])
def test_weights_that_cannot_be_split_by_are_refused(bad: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        split(Micro(5), bad)
    assert caught.value.field == "weights"


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(InputError):
        split(Micro(-1), [1.0])
