"""Pay and charges: sums that hold for any sequence of gains, and the rules that players read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.judging import payout
from manyhands.judging.payout import Pooled
from manyhands.ledger.splitting import split
from manyhands.types import Micro

gains = st.tuples(
    st.floats(-3.0, 3.0, allow_nan=False),
    st.one_of(st.just(0.0), st.floats(1e-12, 1.0)),
)
values = st.floats(-30.0, 30.0, allow_nan=False)
lots = st.lists(st.tuples(st.sampled_from("abcd"), values), min_size=1, max_size=40)


@given(st.lists(gains, max_size=30), st.floats(1e-6, 2.0), st.integers(0, 10**15))
def test_all_pools_together_never_exceed_the_escrow(
    steps: list[tuple[float, float]], gap: float, escrow: int
) -> None:
    pooled, left = Pooled(), escrow
    for gain, variance in steps:
        before = pooled
        pooled, pool = payout.earn(pooled, gain, variance, gap, left)
        assert 0 <= pool <= left
        assert before.earned <= pooled.earned <= 1.0
        assert pool == 0 or pooled.earned > before.earned
        left -= pool
    assert 0 <= left <= escrow


@given(st.lists(gains, max_size=30), st.floats(1e-6, 2.0))
def test_the_earned_share_never_exceeds_the_bound_of_what_was_gained(
    steps: list[tuple[float, float]], gap: float
) -> None:
    pooled, highest = Pooled(), 0.0
    for gain, variance in steps:
        pooled, _ = payout.earn(pooled, gain, variance, gap, 1_000_000)
        bound = (pooled.gain - payout.CONFIDENCE_Z * math.sqrt(pooled.variance)) / gap
        highest = max(highest, bound)
        assert pooled.earned == pytest.approx(min(1.0, max(0.0, highest)))


def test_the_last_promotion_empties_the_escrow() -> None:
    pooled, first = payout.earn(Pooled(), 0.25, 0.0, 0.5, 999)
    pooled, last = payout.earn(pooled, 0.25, 0.0, 0.5, 999 - first)
    assert (pooled.earned, first + last) == (1.0, 999)
    assert payout.earn(pooled, 0.5, 0.0, 0.5, 10**6) == (Pooled(1.0, 0.0, 1.0), 0)


def test_a_gain_within_its_noise_earns_nothing_but_is_remembered() -> None:
    pooled, pool = payout.earn(Pooled(), 0.01, 0.01**2, 0.5, 10**6)
    assert (pool, pooled) == (0, Pooled(0.01, 0.01**2, 0.0))
    pooled, pool = payout.earn(pooled, 0.01, 0.01**2, 0.5, 10**6)
    assert pool == 0
    pooled, pool = payout.earn(pooled, 0.01, 0.01**2, 0.5, 10**6)
    assert pool > 0  # three such gains together are beyond their pooled noise


@given(st.integers(1, 8), st.floats(0.02, 0.3))
def test_splitting_one_gain_into_several_promotions_never_pays_more(parts: int, gain: float) -> None:
    variance = 0.01**2
    _, at_once = payout.earn(Pooled(), gain, variance, 0.5, 10**9)
    pooled, left = Pooled(), 10**9
    for _ in range(parts):
        pooled, pool = payout.earn(pooled, gain / parts, variance, 0.5, left)
        left -= pool
    assert 10**9 - left <= at_once + parts  # rounding


@given(lots)
def test_weights_are_shares_of_what_did_good(lot: list[tuple[str, float]]) -> None:
    shares = payout.weights(lot)
    assert len(shares) == len(lot)
    for (player, value), share in zip(lot, shares, strict=True):
        own = [v for p, v in lot if p == player]
        assert 0.0 <= share <= max(value, 0.0) * (1 + 1e-9)
        assert share == 0.0 or math.fsum(own) > -1e-6
    for name in "abcd":
        paid = math.fsum(share for (player, _), share in zip(lot, shares, strict=True) if player == name)
        net = math.fsum(
            max(value - payout.MARGIN, 0.0) + payout.HARM_WEIGHT * min(value, 0.0)
            for player, value in lot
            if player == name
        )
        assert paid == pytest.approx(max(net, 0.0), abs=1e-6)


@given(lots, st.integers(1, 10**12))
def test_a_pool_is_split_to_the_last_micro_credit(lot: list[tuple[str, float]], pool: int) -> None:
    shares = [share for share in payout.weights(lot) if share > 0.0]
    if shares:
        assert sum(split(Micro(pool), shares)) == pool


@given(st.lists(values, min_size=1, max_size=12), st.integers(0, 10**9))
def test_a_charge_is_at_most_the_stake_and_only_for_harm(history: list[float], stake: int) -> None:
    charged = payout.charge(stake, history)
    assert 0 <= charged <= stake
    bound = payout.upper_bound(history)
    if bound >= 0.0 or history[-1] > payout.MARGIN or min(history[-1], bound) >= -payout.MARGIN:
        assert charged == 0


def test_the_first_attempt_is_forgiven_unless_it_is_beyond_every_doubt() -> None:
    assert payout.charge(100, [-1.9]) == 0
    assert payout.charge(100, [-10.0]) == 100


def test_the_second_harmful_attempt_is_charged() -> None:
    assert payout.charge(100, [-3.0, -3.0]) == 100
    assert payout.charge(100, [-2.0, -2.0]) == 80


def test_two_small_harms_that_are_alike_prove_no_habit_and_eight_do() -> None:
    assert payout.charge(100, [-1.0, -1.0]) == 0
    assert payout.charge(100, [-1.0] * 8) == 40


def test_a_habit_of_harm_is_charged_where_one_attempt_happened_to_do_nothing() -> None:
    assert payout.charge(100, [-3.0, -3.0, -3.0, 0.0]) > 0
    assert payout.charge(100, [-3.0, -3.0, -3.0, payout.MARGIN + 0.1]) == 0
    assert payout.charge(100, [-0.9, -0.9, -0.9, 0.0]) == 0


def test_whoever_does_good_may_err_once() -> None:
    assert payout.charge(100, [2.0, 1.0, 3.0, -2.5]) == 0


def test_only_the_last_attempts_count() -> None:
    assert payout.charge(100, [2.0] * 20 + [-3.0] * payout.HISTORY) == 100


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=8), st.floats(0.0, 5.0))
def test_the_running_bound_rises_with_every_value(history: list[float], more: float) -> None:
    assert payout.upper_bound([v + more for v in history]) >= payout.upper_bound(history) - 1e-9
