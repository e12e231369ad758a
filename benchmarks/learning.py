"""How fast a mixed crowd teaches a champion, who earns by it, and what plain cloning makes of the same data.

python benchmarks/learning.py --sensor lidar --seeds 5
python benchmarks/learning.py --environment snake-v0 --seeds 3
python benchmarks/learning.py --sensor lidar --seeds 5 --mix casual=.5,careless=.2,troll=.15,random=.15
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

import offline
from manyhands.crowd.roles import DEFAULT_MIX, parse_mix
from manyhands.envs import registry
from manyhands.judging import round as rounds
from manyhands.judging.course import interval
from manyhands.learners import takeover
from manyhands.learners.samples import Samples
from manyhands.policies import network


def crew(mix: str, count: int) -> list[offline.Player]:
    """`count` players in the shares of the mix, driving like one of two trained drivers in turn."""
    return [
        offline.Player(f"{kind}-{n}", kind, n % 2 + 1)
        for kind, share in parse_mix(mix).items()
        for n in range(round(count * share))
    ]


def clone(campaign: offline.Campaign, key: Any) -> float:
    """Score of plain behaviour cloning: every human tick of every attempt, no judge."""
    standing = campaign.standing
    human = [
        Samples(*(part[s.weights == 1.0] for part in (s.features, s.labels, s.weights)))
        for s in campaign.behaviour
    ]
    data = Samples.concatenate(human, standing.network.features, standing.network.actions)
    fresh = network.init(standing.network, key)
    frozen = {name: value for name, value in standing.champion.items() if name.startswith("encoder.")}
    params = takeover.fit(standing.network, takeover.Config(), fresh | frozen, data, len(data), key)
    return float(campaign.course.heldout_scores(standing.network, params).mean())


def run(arguments: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One campaign of one seed."""
    config = {"sensor": {"kind": arguments.sensor}} if arguments.sensor else {}
    campaign = offline.begin(arguments.environment, config, seed, arguments.target)
    players = crew(arguments.mix, arguments.players)
    rng = np.random.default_rng(seed)
    settings = rounds.RoundConfig()
    key = jax.random.key(1000 + seed)
    begun_at = float(campaign.standing.heldout.mean())
    worst_step, before = 0.0, begun_at
    for number in range(arguments.rounds):
        key, now = jax.random.split(key)
        chosen = [players[n] for n in rng.permutation(len(players))[: offline.PER_ROUND]]
        begun = time.perf_counter()
        kind = offline.play_round(campaign, chosen, now, number, settings)
        mean, low, high = interval(campaign.standing.heldout)
        worst_step = min(worst_step, mean - before)
        before = mean
        minutes = campaign.human_ticks / campaign.course.play.ticks_per_s / 60
        campaign.curve.append(
            {"round": number, "minutes": minutes, "score": mean, "low": low, "high": high, "kind": kind}
        )
        print(
            f"  seed {seed} round {number:2d} {minutes:5.1f} min  {mean:.3f} [{low:.3f}, {high:.3f}]  "
            f"{kind:16s} earned {campaign.standing.pooled.earned:.2f} lot {len(campaign.standing.lot)} "
            f"{time.perf_counter() - begun:.1f} s",
            flush=True,
        )
        if minutes > arguments.minutes:
            break
    paid = sum(player.paid for player in players)
    assert paid <= offline.ESCROW
    return {
        "seed": seed,
        "begun_at": begun_at,
        "curve": campaign.curve,
        "worst_step": worst_step,
        "paid": paid / 1e6,
        "kinds": offline.totals(players),
        "cloning": clone(campaign, key),
    }


def main() -> None:
    """Run the seeds and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--environment", choices=registry.ids(), default="racer-v0")
    parser.add_argument("--sensor", help="the environment's first one if absent")
    parser.add_argument("--mix", default=DEFAULT_MIX)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0, help="a rule fitted on seeds needs fresh ones")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--players", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=20.0, help="of human driving")
    parser.add_argument("--target", type=float, default=0.95)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = [
        run(arguments, seed) for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    ]
    firsts, lasts = [r["curve"][0]["score"] for r in results], [r["curve"][-1]["score"] for r in results]
    reach = 1.96 * np.std(lasts, ddof=1) / np.sqrt(len(lasts)) if len(lasts) > 1 else float("nan")
    print(f"{arguments.environment}, {arguments.sensor or 'first sensor'}, mix {arguments.mix}")
    begun = [r["begun_at"] for r in results]
    print(
        f"first champions {np.mean(begun):.3f} ({min(begun):.3f} to {max(begun):.3f}); "
        f"after the first round {np.mean(firsts):.3f}, last {np.mean(lasts):.3f} +- {reach:.3f}; "
        f"plain cloning {np.mean([r['cloning'] for r in results]):.3f}; "
        f"worst step {min(r['worst_step'] for r in results):+.3f}"
    )
    for kind in results[0]["kinds"]:
        rows = [r["kinds"][kind] for r in results]
        print(
            f"  {kind:12s} net per contribution "
            f"{np.mean([row['net_per_contribution'] for row in rows]):+8.2f} cr  "
            f"charged {100 * np.mean([row['charged_share'] for row in rows]):5.1f} %, after the first "
            f"{100 * np.mean([row['charged_share_after_first'] for row in rows]):5.1f} %"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
