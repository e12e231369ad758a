"""Rankings of races and the prizes that follow; pure.

Of equal times the one that was entered first stands first: anyone may enter a policy that is public, and must
not take from its first racer by doing so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from manyhands.garage.replays import FEWEST, MOST
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
        rows {rank, entry_id, player_id, time_ms, gap_ms, off_tracks, crashes, progress, entries, grid,
        qualifying_ms, contacts}; the rank of who has no time is None, as are the last three without a final.
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
                **dict.fromkeys(("grid", "qualifying_ms", "contacts")),
            }
        )
    return rows


def grid_of(rows: Sequence[Json]) -> list[str]:
    """Return the entries that race one another, the best first; none if there are fewer than FEWEST.

    Entries without a qualifying time are not among them: such a car would only stand in the way.

    Args:
        rows: of qualifying, from `table`.
    """
    found = [row["entry_id"] for row in rows if row["time_ms"] is not None][:MOST]
    return found if len(found) >= FEWEST else []


def final_table(rows: Sequence[Json], cars: Sequence[Json]) -> list[Json]:
    """Return the racers of a race that had a final: first who raced in it, then the others.

    Of equal times the one that stood further ahead on the grid is first.

    Args:
        rows: of qualifying, from `table`.
        cars: results of the final with their entry_id, in the order of the grid.

    Returns:
        rows as of `table`, with times, off_tracks and progress of the final; who was not in it has a rank by
        qualifying, but no time, and wins nothing.
    """
    known = {row["entry_id"]: row for row in rows}

    def order(numbered: tuple[int, Json]) -> tuple[bool, float, int]:
        number, car = numbered
        total_ms = car["total_ms"]
        return total_ms is None, -car["progress"] if total_ms is None else total_ms, number

    came_in = sorted(enumerate(cars, 1), key=order)
    first_ms = came_in[0][1]["total_ms"]
    found = [
        {
            **known[car["entry_id"]],
            "rank": None if car["total_ms"] is None else rank,
            "time_ms": car["total_ms"],
            "gap_ms": None if car["total_ms"] is None else car["total_ms"] - first_ms,
            **{name: car[name] for name in ("off_tracks", "progress")},
            "crashes": 0,
            "contacts": car["crashes"],
            "grid": number,
            "qualifying_ms": known[car["entry_id"]]["time_ms"],
        }
        for rank, (number, car) in enumerate(came_in, 1)
    ]
    raced = {car["entry_id"] for car in cars}
    for row in rows:
        if row["entry_id"] not in raced:
            rank = None if row["rank"] is None else len(found) + 1
            own = {"rank": rank, "qualifying_ms": row["time_ms"]}
            found.append({**row, **own, "time_ms": None, "gap_ms": None})
    return found


def awards(prize_micro: int, shares: Sequence[int], rows: Sequence[Json]) -> list[Json]:
    """Return what each of the first racers gets: their percentage of the prize, rounded down.

    Args:
        prize_micro: at least 0.
        shares: whole percentages for the first, second …, together at most 100.
        rows: from `table` or `final_table`; those without a time get nothing.

    Returns:
        [{entry_id, player_id, amount_micro}] in order, without what rounds to nothing. Their sum is never
        above the prize; what is left belongs to the organiser.
    """
    ranked = [row for row in rows if row["time_ms"] is not None]
    found = [
        {
            "entry_id": row["entry_id"],
            "player_id": row["player_id"],
            "amount_micro": Micro(prize_micro * share // 100),
        }
        for share, row in zip(shares, ranked, strict=False)
    ]
    return [award for award in found if award["amount_micro"] > 0]
