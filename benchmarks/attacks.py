"""What each kind of cheat extracts, and what it costs honest players: the same crowd with and without it.

    python benchmarks/attacks.py --seeds 3

Every attack joins a crowd of 12 honest players (6 skilled, 6 casual) for some rounds. Beside it stands the
same crowd in which the attackers play honestly instead: casual players, or skilled ones in place of sleepers.
"""

import argparse

import jax
import numpy as np

import offline
from manyhands.judging import round as rounds

HONEST = {"skilled": 6, "casual": 6}
ATTACKS: dict[str, dict[str, int]] = {
    "copycats": {"copycat": 4},
    "danger-makers": {"danger": 4},
    "two colluders": {"danger": 1, "skilled": 1},
    "ring of 20 sybils": {"sybil": 20},
    "sleepers": {"sleeper": 4},  # beside as many skilled players, which is what they pretend to be
    "trolls": {"troll": 4},
    "pickers": {"picker": 4},  # random hands that hand in what turned out well
}


def crew(groups: dict[str, int], prefix: str) -> list[offline.Player]:
    """Players of the given kinds and numbers."""
    return [
        offline.Player(f"{prefix}-{kind}-{n}", kind, n % 2 + 1)
        for kind, count in groups.items()
        for n in range(count)
    ]


def net(players: list[offline.Player]) -> float:
    """Credits earned minus charged, of all of them."""
    return sum(player.paid - player.charged for player in players) / 1e6


def run(honest: list[offline.Player], attackers: list[offline.Player], seed: int, count: int) -> float:
    """Play `count` rounds of everybody; returns the last score on the held-out starts."""
    campaign = offline.begin("racer-v0", {"sensor": {"kind": "lidar"}}, seed, target=1.0)
    key = jax.random.key(5000 + seed)
    for number in range(count):
        key, now = jax.random.split(key)
        offline.play_round(campaign, [*honest, *attackers], now, number, rounds.RoundConfig())
    paid = sum(player.paid for player in [*honest, *attackers])
    assert paid <= offline.ESCROW
    return float(campaign.standing.heldout.mean())


def main() -> None:
    """Print one row per attack."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only", nargs="*", choices=list(ATTACKS), help="attacks to run, all if absent")
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    print("attack: net of the attackers | of as many casual players in their place")
    print("        net of the honest, with attackers / with casual players | last score, likewise")
    for name in arguments.only or ATTACKS:
        groups = ATTACKS[name]
        rows = []
        for seed in seeds:
            honest, attackers = crew(HONEST, "honest"), crew(groups, "attack")
            with_score = run(honest, attackers, seed, arguments.rounds)
            alone = crew(HONEST, "honest")
            honestly = "skilled" if "sleeper" in groups else "casual"
            instead = crew({honestly: sum(groups.values())}, "attack")
            without_score = run(alone, instead, seed, arguments.rounds)
            rows.append([net(attackers), net(instead), net(honest), net(alone), with_score, without_score])
        mean = np.mean(rows, axis=0)
        print(
            f"{name:18s} {mean[0]:+13.1f} | {mean[1]:+16.1f} | {mean[2]:+10.1f} / {mean[3]:+10.1f} | "
            f"{mean[4]:.3f} / {mean[5]:.3f}",
            flush=True,
        )
    for name, groups in {"a lone skilled player": {"skilled": 1}, "a lone troll": {"troll": 1}}.items():
        nets, scores = [], []
        for seed in seeds:
            players = crew(groups, "lone")
            scores.append(run(players, [], seed, 4 * arguments.rounds))
            nets.append(net(players))
        print(f"{name:18s} {np.mean(nets):+13.1f} | score {np.mean(scores):.3f}", flush=True)


if __name__ == "__main__":
    main()
