"""What learners make of Snake on the arcade rules: scores over 1,000 games for every seed.

    python benchmarks/snake.py --seeds 5

Prints a row for each sensor: mean of the seeds' means with its 95 % interval, the worst seed, times.
"""

import argparse
import time

import jax
import numpy as np

from manyhands.envs.snake.task import SENSORS, SnakeTask
from manyhands.learners import dqn

GAMES = 1000
# Evaluation games are drawn from a key that no training uses.
GAMES_KEY = 1_000_003


def pretrained(sensor: str, seed: int, config: dqn.DqnConfig) -> tuple[float, float, float]:
    """Mean score of one seed's policy, seconds of training, seconds of evaluation."""
    task = SnakeTask(sensor=sensor)
    begun_s = time.perf_counter()
    spec, params = dqn.pretrain(task, config, seed)
    trained_s = time.perf_counter()
    found = dqn.scores(task, spec, params, jax.random.key(GAMES_KEY), GAMES)
    return float(found.mean()), trained_s - begun_s, time.perf_counter() - trained_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--sensors", nargs="*", choices=SENSORS, default=SENSORS)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for sensor in arguments.sensors:
        rows = []
        for seed in seeds:
            rows.append(pretrained(sensor, seed, dqn.DqnConfig()))
            print(f"  {sensor} seed {seed}: {rows[-1][0]:.1f} foods", flush=True)
        means, trained_s, played_s = np.array(rows).T
        reach = 1.96 * means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else float("nan")
        print(
            f"pre-trained, {sensor}: {means.mean():.1f} +- {reach:.1f} foods, worst seed {means.min():.1f}; "
            f"trained in {trained_s.mean():.0f} s, {GAMES} games played in {played_s.mean():.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
