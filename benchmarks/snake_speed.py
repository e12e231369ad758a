"""Moves of Snake a second: lockstep batches of the compiled rules, beside Jumanji's and plain Python.

python benchmarks/snake_speed.py        (needs the dependency group `bench`)

Players avoid death where they can; games that end begin anew. Each processor plays a part of our games, as in
the evaluation of an experiment; Jumanji's batch is one call. Jumanji's Snake-v1 plays on a board of the same
size and shows all of it, 5 values a cell, where ours shows 13 features or a window around the head.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jumanji.environments import Snake
from jumanji.wrappers import VmapAutoResetWrapper

from manyhands.envs import lockstep
from manyhands.envs.snake import observation, rules, sight
from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.rules import State

MOVES = 400


@partial(jax.jit, static_argnums=0)
def batch(sensor: str, key: jax.Array, states: State) -> tuple[jax.Array]:
    """`MOVES` moves of all games by a player that avoids death where it can; games that end begin anew."""
    key = jax.random.fold_in(key, states.seed[0])

    def tick(carry: tuple[State, jax.Array], key: jax.Array) -> tuple[tuple[State, jax.Array], None]:
        states, total = carry
        seen = jax.vmap(lambda state: observation.observe(ARCADE, state, sensor))(states)
        wish = jax.random.randint(key, seen.shape[:1], -1, 2)
        blocked = seen[:, 0] > 0.0
        turn = jnp.where(blocked, jnp.where(seen[:, 1] > 0.0, -1, 1), jnp.where(seen[:, 7] > 0.0, wish, 0))
        after, _, _ = jax.vmap(partial(rules.move_on, ARCADE))(states, turn, states.seed + 1)
        return (after, total + seen.sum(axis=1)), None

    begun = (states, jnp.zeros(len(states.seed)))
    (_, total), _ = jax.lax.scan(tick, begun, jax.random.split(key, MOVES))
    return (total,)


def compiled(sensor: str, games: int) -> Callable[[], int]:
    """`MOVES` moves of each game, a part of the games on each processor; returns the moves made."""
    states = jax.vmap(partial(rules.begin, ARCADE))(jnp.arange(games, dtype=jnp.uint32))
    keys = iter(range(10**9))

    def run() -> int:
        lockstep.spread(partial(batch, sensor, jax.random.key(next(keys))), (states,), (0,))
        return MOVES * games

    return run


def compiled_rate(sensor: str, games: int, seconds: float) -> float:
    """Moves a second, observations included."""
    run = compiled(sensor, games)
    run()
    begun_s, moves = time.perf_counter(), 0
    while time.perf_counter() - begun_s < seconds:
        moves += run()
    return moves / (time.perf_counter() - begun_s)


def jumanji_rate(games: int, seconds: float) -> float:
    """Moves a second of Jumanji's Snake on the same board, observations included."""
    env = VmapAutoResetWrapper(Snake(num_rows=ARCADE.height, num_cols=ARCADE.width))

    def tick(carry: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], jax.Array]:
        state, seen = carry
        action = jax.random.categorical(key, jnp.where(seen.action_mask, 0.0, -1e9))
        state, step = env.step(state, action)
        return (state, step.observation), step.observation.grid.sum()

    @jax.jit
    def batch(carry: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], jax.Array]:
        carry, sums = jax.lax.scan(tick, carry, jax.random.split(key, MOVES))
        return carry, sums.sum()

    state, step = env.reset(jax.random.split(jax.random.key(0), games))
    carry, total = batch((state, step.observation), jax.random.key(0))
    total.block_until_ready()
    begun_s, count = time.perf_counter(), 0
    while time.perf_counter() - begun_s < seconds:
        carry, total = batch(carry, jax.random.key(count))
        total.block_until_ready()
        count += 1
    return count * MOVES * games / (time.perf_counter() - begun_s)


def plain_rate(seconds: float) -> float:
    """Moves a second of plain Python, observations included."""
    rng = np.random.default_rng(0)
    begun_s, count, game = time.perf_counter(), 0, Game(ARCADE, 0)
    while time.perf_counter() - begun_s < seconds:
        if game.ended:
            game = Game(ARCADE, count)
        sight.of_game(game)
        safe = [turn for turn in (0, 1, -1) if not game.deadly(turn)] or [0]
        game.move(safe[int(rng.integers(len(safe)))])
        count += 1
    return count / (time.perf_counter() - begun_s)


def main() -> None:
    """Print one row for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each row")
    parser.add_argument("--games", type=int, default=1024, help="games in one batch")
    arguments = parser.parse_args()
    plain = plain_rate(arguments.seconds)
    peer = jumanji_rate(arguments.games, arguments.seconds)
    print(f"plain Python, one game      {plain / 1e6:8.3f} M moves/s")
    print(f"Jumanji, whole board x {arguments.games:5d} {peer / 1e6:6.3f} M moves/s")
    for sensor in ("features", "grid"):
        rate = compiled_rate(sensor, arguments.games, arguments.seconds)
        print(f"compiled, {sensor:9s} x {arguments.games:5d} {rate / 1e6:6.3f} M moves/s", end=", ")
        print(f"{rate / plain:,.0f} times plain Python, {rate / peer:,.1f} times Jumanji")


if __name__ == "__main__":
    main()
