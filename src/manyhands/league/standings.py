"""Who stands where, and what that is worth; pure.

Of equal times the one that was entered first stands first: anyone may enter a policy that is public, and must
not take from its first racer by doing so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from manyhands.types import Json, Micro

SCORES = {"best_lap": "best_ms", "average_lap": "average_ms", "total_time": "total_ms"}
"""By ranking: which field of a result is compared."""
RANKINGS = tuple(SCORES)


def score_ms(ranking: str, result: Json) -> int | None:
    """Return the time that counts, None where the entry has none."""
    found: int | None = result[SCORES[ranking]]
    return found


def table(entries: Sequence[Json], ranking: str) -> list[Json]:
    """Return the best entry of each player in order, those without a time below, by progress.

    Args:
        entries: of one kind, driven: id, player_id, created_us and result.
        ranking: one of RANKINGS.

    Returns:
        rows {rank, entry_id, player_id, time_ms, gap_ms, off_tracks, crashes, progress, entries}; the rank of
        who has no time is None.
    """

    def order(entry: Json) -> tuple[bool, float, int, str]:
        time_ms, result = score_ms(ranking, entry["result"]), entry["result"]
        measure = -result["progress"] if time_ms is None else time_ms
        return time_ms is None, measure, entry["created_us"], entry["id"]

    counts = Counter(entry["player_id"] for entry in entries)
    best: dict[str, Json] = {}
    for entry in sorted(entries, key=order):
        best.setdefault(entry["player_id"], entry)
    rows: list[Json] = []
    for rank, (player, entry) in enumerate(best.items(), 1):
        time_ms, result = score_ms(ranking, entry["result"]), entry["result"]
        rows.append(
            {
                "rank": None if time_ms is None else rank,
                "entry_id": entry["id"],
                "player_id": player,
                "time_ms": time_ms,
                "gap_ms": None if time_ms is None else time_ms - (rows[0]["time_ms"] if rows else time_ms),
                "off_tracks": result["off_tracks"],
                "crashes": result["crashes"],
                "progress": result["progress"],
                "entries": counts[player],
            }
        )
    return rows


def awards(prize_micro: int, shares: Sequence[int], rows: Sequence[Json]) -> list[Json]:
    """Return what each of the first racers gets: their percentage of the prize, rounded down.

    Args:
        prize_micro: at least 0.
        shares: whole percentages for the first, second …, together at most 100.
        rows: from `table`; those without a time get nothing.

    Returns:
        [{entry_id, player_id, amount_micro}] in order, without what rounds to nothing. Their sum is never
        above the prize; what is left belongs to the organiser.
    """
    ranked = [row for row in rows if row["rank"] is not None]
    found = [
        {
            "entry_id": row["entry_id"],
            "player_id": row["player_id"],
            "amount_micro": Micro(prize_micro * share // 100),
        }
        for share, row in zip(shares, ranked, strict=False)
    ]
    return [award for award in found if award["amount_micro"] > 0]
