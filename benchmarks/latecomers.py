"""What contributions against a replaced champion get of the next lot, beside those against the present one.

python benchmarks/latecomers.py --seeds 3

Whoever is driving while a champion is promoted hands in an attempt against the one before it. It enters the
new lot with the value it has against the champion it drove with. Here every player has one such attempt at
every promotion, which is the most there can be: one assignment is open per player.
"""

import argparse

import jax
import numpy as np

import learning
import offline
from manyhands.crowd.roles import DEFAULT_MIX
from manyhands.judging import round as rounds


def next_lot(campaign: offline.Campaign, players: list[offline.Player], key: jax.Array, number: int) -> bool:
    """Play a round; where it is paid, let everybody's late attempt enter the lot that follows. True if so."""
    before = campaign.standing
    kind = offline.play_round(campaign, players, key, number, rounds.RoundConfig())
    after = campaign.standing
    if kind != "promoted" or after.lot:
        return False
    offline.hand_in(
        campaign, players, jax.random.fold_in(key, 1), f"late-{number}", (before.network, before.champion)
    )
    return True


def shares(campaign: offline.Campaign) -> dict[str, tuple[float, int, float]]:
    """(mean value, contributions, share of the pool) of the lot's late contributions and of the others."""
    lot = campaign.standing.lot
    weights = np.array(rounds.weights(lot))
    late = np.array([entry.attempt.startswith("late-") for entry in lot])
    values = np.array([entry.value for entry in lot])
    whole = max(weights.sum(), 1e-9)  # nobody shares a lot in which nobody helped
    return {
        name: (float(values[of].mean()), int(of.sum()), float(weights[of].sum() / whole))
        for name, of in (("late", late), ("present", ~late))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--players", type=int, default=24)
    arguments = parser.parse_args()
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        campaign = offline.begin("racer-v0", {"sensor": {"kind": "lidar"}}, seed, 0.95)
        players = learning.crew(DEFAULT_MIX, arguments.players)
        key = jax.random.key(1000 + seed)
        for number in range(arguments.rounds):
            key, now, then = jax.random.split(key, 3)
            first = campaign.standing.heldout.mean()
            if not next_lot(campaign, players, now, number):
                continue
            present = campaign.standing
            offline.hand_in(campaign, players, then, f"{number}", (present.network, present.champion))
            found = shares(campaign)
            told = "; ".join(
                f"{name} {count} with {value:+.2f} m, {share:.0%} of the pool"
                for name, (value, count, share) in found.items()
            )
            print(f"seed {seed}, {first:.3f} -> {present.heldout.mean():.3f}: {told}", flush=True)


if __name__ == "__main__":
    main()
