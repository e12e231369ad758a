from __future__ import annotations

import pytest

from manyhands.crowd.report import by_kind
from manyhands.crowd.spectator import seconds_between


def row(player: str, attempts: int, paid: int, charged: int) -> dict[str, object]:
    return {
        "player_id": player,
        "name": "Calm Heron",
        "attempts": attempts,
        "contributions": attempts - 1,
        "paid_micro": paid,
        "charged_micro": charged,
        "net_micro": paid - charged,
    }


def test_rows_are_summed_by_kind_without_strangers_and_repeats():
    rows = [row("a", 3, 5, 1), row("b", 2, 0, 2_000_000), row("a", 3, 5, 1), row("stranger", 9, 9, 9)]
    assert by_kind(rows, {"a": "troll", "b": "troll", "c": "idle"}) == {
        "idle": {"accounts": 1, "attempts": 0, "contributions": 0, "paid": 0.0, "charged": 0.0, "net": 0.0},
        "troll": {
            "accounts": 2,
            "attempts": 5,
            "contributions": 3,
            "paid": 0.000005,
            "charged": 2.000001,
            "net": -1.999996,
        },
    }


@pytest.mark.parametrize(
    ("earlier", "later", "seconds"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01.250000Z", 1.25),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:01:00Z", 59.5),
    ],
)
def test_seconds_between_two_times_of_the_api(earlier: str, later: str, seconds: float):
    assert seconds_between(earlier, later) == seconds
