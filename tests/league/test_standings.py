"""Leaderboards and the split of prizes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.league.standings import RANKINGS, awards, table
from manyhands.types import Json


def driven(name: str, player: str, time_ms: int | None, created_us: int = 0, progress: float = 100.0) -> Json:
    times = {"best_ms": time_ms, "average_ms": time_ms, "total_ms": time_ms}
    result = {**times, "off_tracks": 1, "crashes": 0, "progress": progress}
    return {"id": name, "player_id": player, "created_us": created_us, "result": result}


def test_the_best_entry_of_each_racer_is_ranked_with_its_gap() -> None:
    rows = table(
        [
            driven("a", "ann", 9000),
            driven("b", "bob", 8000),
            driven("c", "ann", 8500),
            driven("d", "cy", None),
        ],
        "total_time",
    )
    assert [(row["rank"], row["entry_id"], row["gap_ms"], row["entries"]) for row in rows] == [
        (1, "b", 0, 1),
        (2, "c", 500, 2),
        (None, "d", None, 1),
    ]


def test_of_equal_times_the_one_entered_first_is_ahead() -> None:
    rows = table([driven("a", "ann", 8000, created_us=5), driven("b", "bob", 8000, created_us=4)], "best_lap")
    assert [row["player_id"] for row in rows] == ["bob", "ann"]
    assert [row["gap_ms"] for row in rows] == [0, 0]


def test_who_did_not_finish_stands_below_by_progress() -> None:
    rows = table(
        [driven("a", "ann", None, progress=30.0), driven("b", "bob", None, progress=60.0)], "average_lap"
    )
    assert [(row["rank"], row["player_id"]) for row in rows] == [(None, "bob"), (None, "ann")]


@pytest.mark.parametrize("ranking", RANKINGS)
def test_a_ranking_reads_its_own_time(ranking: str) -> None:
    one, other = driven("a", "ann", 8000), driven("b", "bob", 8000)
    field = {"best_lap": "best_ms", "average_lap": "average_ms", "total_time": "total_ms"}[ranking]
    other["result"][field] = 7000
    assert table([one, other], ranking)[0]["player_id"] == "bob"


def test_prizes_go_to_those_with_a_time() -> None:
    rows = table([driven("a", "ann", 8000), driven("b", "bob", None)], "total_time")
    assert awards(10_000_001, [50, 30, 20], rows) == [
        {"entry_id": "a", "player_id": "ann", "amount_micro": 5_000_000}
    ]


shares_of = st.lists(st.integers(1, 100), max_size=20).filter(lambda shares: sum(shares) <= 100)
times = st.lists(st.one_of(st.none(), st.integers(1, 10**7)), max_size=12)


@given(prize=st.integers(0, 10**12), shares=shares_of, found=times)
def test_no_split_is_above_the_prize_and_each_share_is_exact_to_a_micro_credit(
    prize: int, shares: list[int], found: list[int | None]
) -> None:
    rows = table([driven(str(at), f"p{at}", time) for at, time in enumerate(found)], "total_time")
    won: list[Any] = awards(prize, shares, rows)
    assert sum(award["amount_micro"] for award in won) <= prize
    for share, award in zip(shares, won, strict=False):
        assert 0 <= prize * share - 100 * award["amount_micro"] < 100
    ranked = [row["player_id"] for row in rows if row["rank"]]
    assert [award["player_id"] for award in won] == ranked[: len(won)]
    if prize >= 100:
        assert len(won) == min(len(shares), len(ranked))
