from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.crowd.tally import Stopwatch, percentile, summary


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_percentiles_of_a_hundred_numbers(share: float, expected: int):
    assert percentile(list(range(100, 0, -1)), share) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(values: list[float], share: float):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_a_summary_of_nothing_has_no_figures():
    assert summary([]) == {"count": 0, "p50": None, "p95": None, "p99": None}


def test_a_summary_is_rounded_to_a_tenth_of_a_millisecond():
    assert summary([0.123456]) == {"count": 1, "p50": 0.1235, "p95": 0.1235, "p99": 0.1235}


def test_a_stopwatch_pairs_moments_in_either_order():
    times_s: list[float] = []
    watch = Stopwatch(times_s)
    watch.begin("a", 10.0)
    watch.end("b", 20.5)
    watch.end("unknown", 1.0)
    assert times_s == []
    watch.end("a", 10.25)
    watch.begin("b", 20.0)
    assert times_s == [0.25, 0.5]
