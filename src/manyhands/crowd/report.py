"""What came of a crowd: who earned what, what the champion learned, how long everything took."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass

from manyhands.crowd.spectator import Spectator, seconds_between
from manyhands.crowd.tally import Tally, summary
from manyhands.types import MICRO_PER_CREDIT, Json

SAMPLED = 150
_SUMMED = ("attempts", "contributions", "paid_micro", "charged_micro", "net_micro")


@dataclass(frozen=True)
class Scene:
    """A crowd that has gone home: who watched, what was counted, the campaign as it was at first."""

    spectator: Spectator
    tally: Tally
    campaign: Json
    rng: random.Random


async def make(scene: Scene) -> Json:
    """The report; reads from the public API what the crowd could not count itself.

    Credits are given as decimal credits, times in seconds, scores as fractions of the reference driver's.
    """
    slug, tally, read = scene.campaign["slug"], scene.tally, scene.spectator.read
    last = await read(f"/campaigns/{slug}")
    known = {one["verdict_id"] for one in scene.campaign["history"]}
    verdicts = await scene.spectator.pages(f"/campaigns/{slug}/verdicts", "verdicts")
    new = [one for one in verdicts if one["round_id"] and one["id"] not in known]
    kinds = [one["kind"] for one in new]
    rows = await scene.spectator.pages(f"/campaigns/{slug}/players", "players")
    waits = await _waits(scene)
    closed = scene.spectator.closed_at
    waits["verdict_after_close"] = [
        seconds_between(closed[one["round_id"]], one["created_at"])
        for one in new
        if one["round_id"] in closed
    ]
    return {
        "campaign": slug,
        "players": by_kind(rows, tally.roles),
        "rounds": len(new),
        "promotions": kinds.count("promoted"),
        "control_promotions": kinds.count("control_promoted"),
        "rollbacks": kinds.count("rolled_back"),
        "score_first": scene.campaign["score"],
        "score_last": last["score"],
        "escrow_left": last["escrow_micro"] / MICRO_PER_CREDIT,
        "acknowledged": len(tally.acknowledged),
        "requests": tally.requests,
        "latencies_s": {name: summary(times) for name, times in {**tally.times_s, **waits}.items()},
        "busy": dict(tally.busy),
        "errors": dict(tally.errors),
    }


async def _waits(scene: Scene) -> dict[str, list[float]]:
    """From receipt to value and to verdict by the server's clock, of a sample of the attempts."""
    ids = scene.tally.acknowledged
    chosen = scene.rng.sample(ids, min(SAMPLED, len(ids)))
    cards = await asyncio.gather(*(scene.spectator.read(f"/attempts/{one}") for one in chosen))
    return {
        "valued": [seconds_between(c["received_at"], c["valued_at"]) for c in cards if c["valued_at"]],
        "verdict": [
            seconds_between(c["received_at"], c["judged_at"])
            for c in cards
            if c["round_id"] and c["judged_at"]
        ],
    }


def by_kind(rows: list[Json], roles: dict[str, str]) -> Json:
    """Sum the campaign's table of players (public rows) by kind; accounts that never played count as well.

    Those of other visitors are left out.
    """
    totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("accounts", *_SUMMED), 0))
    for kind in roles.values():
        totals[kind]["accounts"] += 1
    for player, row in {row["player_id"]: row for row in rows}.items():
        if player in roles:
            for name in _SUMMED:
                totals[roles[player]][name] += row[name]
    return {
        kind: {
            name.removesuffix("_micro"): number / MICRO_PER_CREDIT if name.endswith("_micro") else number
            for name, number in sums.items()
        }
        for kind, sums in sorted(totals.items())
    }
