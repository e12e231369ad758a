"""Ids are distinct and amounts are integers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from manyhands import types


@pytest.mark.parametrize(
    ("make", "prefix"),
    [
        (types.new_player_id, "plr_"),
        (types.new_campaign_id, "cmp_"),
        (types.new_start_id, "sta_"),
        (types.new_assignment_id, "asg_"),
        (types.new_attempt_id, "att_"),
        (types.new_round_id, "rnd_"),
        (types.new_verdict_id, "vrd_"),
        (types.new_dispute_id, "dsp_"),
        (types.new_job_id, "job_"),
    ],
)
def test_ids_name_their_kind_and_never_repeat(make: Callable[[], str], prefix: str) -> None:
    ids = {make() for _ in range(200)}
    assert len(ids) == 200
    assert all(text.startswith(prefix) and len(text) == 20 for text in ids)


def test_credits_are_micro_credits() -> None:
    assert types.credits(2) == 2_000_000
    assert types.credits(0.1) == 100_000


def test_moments_are_microseconds() -> None:
    assert 1.6e15 < types.now_us() < 1e16
