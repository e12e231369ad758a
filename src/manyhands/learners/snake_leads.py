"""Games of the packaged Snake agent, in which players of experiments take over.

    python -m manyhands.learners.snake_leads --out leads.txt.gz

That makes `envs/snake/leads.txt.gz`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import jax

from manyhands.envs.snake import leads
from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.scripted import LETTERS
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn
from manyhands.policies import reference

AGENT = "snake-grid-reference"
GAMES, SEED = 128, 20


def main() -> None:
    """Play the games and write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    out: Path = parser.parse_args().out
    agent = reference.driver(AGENT)
    task = SnakeTask(ARCADE, agent.sensor["kind"])
    played = dqn.play(task, agent.network, agent.params, jax.random.key(SEED), GAMES)
    found = [
        (int(seed), "".join(LETTERS[int(turn)] for turn in played.turns(game)))
        for game, seed in enumerate(played.seeds)
    ]
    out.write_bytes(leads.packed(found))
    print(f"{GAMES} games, {played.foods.mean():.1f} foods, {played.steps.mean():.0f} moves on the mean")


if __name__ == "__main__":
    main()
