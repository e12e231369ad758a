"""Double deep Q-learning of Snake, in batches of games that are played in lockstep.

    python -m manyhands.learners.dqn --seed 0 --out snake-grid-reference.safetensors

That makes the packaged `snake-grid-reference`.

Double Q-learning with a target network: H. van Hasselt, A. Guez, D. Silver, "Deep Reinforcement Learning
with Double Q-learning", 2016. Returns over several steps: M. Hessel et al., "Rainbow", 2018. Every game
explores with a chance of its own: D. Horgan et al., "Distributed Prioritized Experience Replay", 2018. The
way to the food is shaped by a potential, which changes no optimal policy: A. Ng, D. Harada, S. Russell,
"Policy Invariance Under Reward Transformations", 1999.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from manyhands.envs import lockstep
from manyhands.envs.snake import rules
from manyhands.envs.snake.rules import State
from manyhands.envs.snake.task import SENSORS, SnakeTask
from manyhands.policies import files, network
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params
from manyhands.policies.simulate import keep

TURNS = (-1, 0, 1)  # of the Q-values, in their order
STRETCH = 250  # moves between two looks at which games have ended
SIZES = (32, 256)  # batches to which games shrink, each of which is compiled
TOLD = 20  # times at which a training is told of

Tell = Callable[[int, float], object]
"""Hears of moves played by each game and of foods for each death."""
Learn = Callable[[SnakeTask, int | None, int, Tell | None], tuple[NetworkSpec, Params]]
"""Trains an agent from nothing: task, moves of each game (as agreed on if None), seed, and who is told."""


@dataclass(frozen=True)
class DqnConfig:
    """Settings of pre-training.

    moves: of each game; games: played in lockstep; kept: moves of each that are remembered; batch: samples of
    an update; updates: for each move of all games; steps: of a return; explore: largest chance of a random
    move, and the power with which it falls over the games; target: share of the target network that an update
    replaces; shaping: weight of the distance to the food, in foods for the board's diagonal.
    """

    moves: int = 24_000
    games: int = 256
    kept: int = 400
    batch: int = 512
    updates: int = 1
    steps: int = 3
    discount: float = 0.98
    rate: float = 1e-3
    target: float = 0.01
    explore: tuple[float, float] = (0.2, 6.0)
    shaping: float = 0.5
    hidden: tuple[int, ...] = (128, 128)


class Memory(NamedTuple):
    """The last moves of all games; a ring over time."""

    seen: Array  # (kept, games, F) float16, before the move
    turn: Array  # (kept, games) int8, index into TURNS
    reward: Array  # (kept, games) float32
    ended: Array  # (kept, games) bool


class Learning(NamedTuple):
    """All that changes from move to move."""

    params: Params
    target: Params
    optimiser: Any
    states: State
    memory: Memory
    key: Array


def spec_of(task: SnakeTask, hidden: tuple[int, ...]) -> NetworkSpec:
    """Network of one Q-value for each turn."""
    return NetworkSpec(
        vector=task.vector, hidden=hidden, head=task.head, bins=task.bins, actions=len(task.bins)
    )


def values(spec: NetworkSpec, params: Params, seen: Array) -> Array:
    """Q-values (..., 3) of what is seen (..., F)."""
    return network.head(spec, params, seen)


def best(spec: NetworkSpec, params: Params, seen: Array) -> Array:
    """Index into TURNS of the best turn, (...)."""
    return jnp.argmax(values(spec, params, seen), axis=-1)


def potential(task: SnakeTask, state: State) -> Array:
    """Nearness to the food, in board diagonals, at most 0."""
    width = task.board.width
    across = jnp.abs(state.food % width - state.head % width)
    along = jnp.abs(state.food // width - state.head // width)
    return -(across + along) / (task.board.width + task.board.height)


class Dqn:
    """One learning run; the compiled programs live as long as it."""

    def __init__(self, task: SnakeTask, config: DqnConfig) -> None:
        self.task, self.config = task, config
        self.spec = spec_of(task, config.hidden)
        rate = optax.cosine_decay_schedule(config.rate, config.moves * config.updates, 0.05)
        self._optimiser = optax.chain(optax.clip_by_global_norm(10.0), optax.adam(rate))
        games = jnp.arange(config.games) / max(1, config.games - 1)
        most, power = config.explore
        self._explore = most ** (1.0 + power * games)

    def begin(self, seed: int) -> Learning:
        """Fresh parameters, games and an empty memory."""
        config = self.config
        key, first, drawn = jax.random.split(jax.random.key(seed), 3)
        params = network.init(self.spec, first)
        states = jax.vmap(self.task.start)(jax.random.split(drawn, config.games))
        shape = (config.kept, config.games)
        memory = Memory(
            jnp.zeros((*shape, self.task.vector), jnp.float16),
            jnp.zeros(shape, jnp.int8),
            jnp.zeros(shape, jnp.float32),
            jnp.ones(shape, bool),
        )
        return Learning(
            params, jax.tree.map(jnp.copy, params), self._optimiser.init(params), states, memory, key
        )

    @partial(jax.jit, static_argnums=(0, 3), donate_argnums=1)
    def run(self, learning: Learning, first: Array, count: int) -> tuple[Learning, Array]:
        """`count` moves of all games, each followed by updates; returns foods for each death as well."""

        def move(learning: Learning, number: Array) -> tuple[Learning, Array]:
            learning, eaten, died = self._play(learning, number)
            ready = number >= self.config.steps + 40
            learning = jax.lax.cond(ready, partial(self._learn, number), lambda same: same, learning)
            return learning, jnp.stack([eaten.sum(), died.sum()])

        learning, counts = jax.lax.scan(move, learning, first + jnp.arange(count))
        eaten, died = counts.sum(axis=0)
        return learning, eaten / jnp.maximum(1, died)

    def _play(self, learning: Learning, number: Array) -> tuple[Learning, Array, Array]:
        """One move of every game; games that end begin anew."""
        config, task = self.config, self.task
        key, chance, drawn, fresh_key = jax.random.split(learning.key, 4)
        seen = jax.vmap(task.observe)(learning.states)["vector"]
        greedy = best(self.spec, learning.params, seen)
        random = jax.random.randint(drawn, greedy.shape, 0, len(TURNS))
        explores = jax.random.uniform(chance, greedy.shape) < self._explore
        turn = jnp.where(explores, random, greedy)
        near = jax.vmap(partial(potential, task))(learning.states)
        seeds = jax.random.bits(fresh_key, (config.games,), jnp.uint32)
        states, ate, ended = jax.vmap(partial(rules.move_on, task.board))(
            learning.states, jnp.asarray(TURNS, jnp.int32)[turn], seeds
        )
        nearer = config.discount * jax.vmap(partial(potential, task))(states) - near
        # A new food lies anywhere: how far it is, is not what the move deserves.
        reward = jnp.where(ended, -1.0, jnp.where(ate, 1.0, config.shaping * nearer))
        place = number % config.kept
        memory = Memory(
            learning.memory.seen.at[place].set(seen.astype(jnp.float16)),
            learning.memory.turn.at[place].set(turn.astype(jnp.int8)),
            learning.memory.reward.at[place].set(reward),
            learning.memory.ended.at[place].set(ended),
        )
        return learning._replace(states=states, memory=memory, key=key), ate, ended

    def _learn(self, number: Array, learning: Learning) -> Learning:
        for _ in range(self.config.updates):
            key, drawn = jax.random.split(learning.key)
            sample = self._sample(learning.memory, number, drawn)
            learning = self._update(learning._replace(key=key), sample)
        return learning

    def _sample(self, memory: Memory, number: Array, key: Array) -> tuple[Array, ...]:
        """Seen, turn, return, discount of what follows, and seen then, of `batch` moves."""
        config = self.config
        when_key, who_key = jax.random.split(key)
        oldest = jnp.maximum(0, number - config.kept + 1)
        # The last moves have no state yet that lies `steps` later.
        when = jax.random.randint(when_key, (config.batch,), oldest, number - config.steps + 1)
        who = jax.random.randint(who_key, (config.batch,), 0, config.games)
        total, lives = jnp.zeros(config.batch), jnp.ones(config.batch)
        for step in range(config.steps):
            at = (when + step) % config.kept
            total += lives * memory.reward[at, who]
            lives *= config.discount * ~memory.ended[at, who]
        now, then = when % config.kept, (when + config.steps) % config.kept
        seen, later = memory.seen[now, who], memory.seen[then, who]
        return seen.astype(jnp.float32), memory.turn[now, who], total, lives, later.astype(jnp.float32)

    def _update(self, learning: Learning, sample: tuple[Array, ...]) -> Learning:
        seen, turn, total, lives, later = sample
        chosen = best(self.spec, learning.params, later)
        ahead = jnp.take_along_axis(values(self.spec, learning.target, later), chosen[:, None], axis=1)[:, 0]
        wanted = total + lives * ahead

        def loss(params: Params) -> Array:
            said = values(self.spec, params, seen)
            chosen = jnp.take_along_axis(said, turn[:, None].astype(jnp.int32), axis=1)[:, 0]
            return jnp.mean(optax.huber_loss(chosen, wanted))

        slopes = jax.grad(loss)(learning.params)
        steps, optimiser = self._optimiser.update(slopes, learning.optimiser, learning.params)
        params = optax.apply_updates(learning.params, steps)
        target = optax.incremental_update(params, learning.target, self.config.target)
        return learning._replace(params=params, target=target, optimiser=optimiser)


class Games(NamedTuple):
    """Greedy games, each played to its end."""

    seeds: NDArray[np.uint32]  # (games,)
    foods: NDArray[np.int32]  # (games,)
    steps: NDArray[np.int32]  # (games,)
    stretches: list[tuple[NDArray[np.intp], NDArray[np.int8]]]  # which games (B,), their turns (STRETCH, B)

    def turns(self, game: int) -> NDArray[np.int8]:
        """Turns of one game from its first move to its last."""
        made = [turns[:, np.searchsorted(who, game)] for who, turns in self.stretches if game in who]
        return np.concatenate(made)[: self.steps[game]]


def play(task: SnakeTask, spec: NetworkSpec, params: Params, key: Array, games: int) -> Games:
    """Play `games` games of the greedy policy, on all processors."""
    states = jax.vmap(task.start)(jax.random.split(key, games))
    foods, steps, who = np.zeros(games, np.int32), np.zeros(games, np.int32), np.arange(games)
    sizes = [*(size for size in SIZES if size < games), games]
    found = Games(np.asarray(states.seed), foods, steps, [])
    while len(who):
        alive = np.arange(len(states.head)) < len(who)
        states, alive, turns = lockstep.spread(
            partial(_play_on, task, spec, params), (states, alive), (0, 0, 1)
        )
        found.stretches.append((who, turns[:, : len(who)]))
        going = alive[: len(who)]
        foods[who[~going]] = states.eaten[: len(who)][~going]
        steps[who[~going]] = states.steps[: len(who)][~going]
        # Few games last long; those that have ended are not carried along.
        rows = np.flatnonzero(going)
        who = who[rows]
        size = next(size for size in sizes if size >= len(rows))
        rows = np.concatenate([rows, np.zeros(size - len(rows), int)])
        states = jax.tree.map(lambda leaf, rows=rows: leaf[rows], states)
    return found


def scores(task: SnakeTask, spec: NetworkSpec, params: Params, key: Array, games: int) -> NDArray[np.int32]:
    """Foods eaten in `games` games of the greedy policy, each played to its end, (games,)."""
    return play(task, spec, params, key, games).foods


@partial(jax.jit, static_argnums=(0, 1))
def _play_on(
    task: SnakeTask, spec: NetworkSpec, params: Params, states: State, alive: Array
) -> tuple[State, Array, Array]:
    """Up to STRETCH greedy moves of the games that are alive, and these moves."""

    def tick(carry: tuple[State, Array], _nothing: None) -> tuple[tuple[State, Array], Array]:
        states, alive = carry
        turn = best(spec, params, jax.vmap(task.observe)(states)["vector"])
        turn = jnp.asarray(TURNS, jnp.int32)[turn]
        after, _, ended = jax.vmap(partial(rules.move, task.board))(states, turn)
        return (keep(alive, after, states), alive & ~ended), turn.astype(jnp.int8)

    played: tuple[State, Array]
    played, turns = jax.lax.scan(tick, (states, alive), None, length=STRETCH)
    return *played, turns


def pretrain(
    task: SnakeTask,
    config: DqnConfig,
    seed: int,
    tell: Tell | None = None,
) -> tuple[NetworkSpec, Params]:
    """Learn from nothing; the same seed gives the same policy on the same machine.

    tell: called a few times with moves played by each game and foods for each death.
    """
    run = Dqn(task, config)
    learning = run.begin(seed)
    part = max(1, config.moves // TOLD)
    for first in range(0, config.moves, part):
        learning, foods = run.run(learning, jnp.int32(first), part)
        if tell is not None:
            tell(first + part, float(foods))
    jax.tree.map(lambda leaf: leaf.block_until_ready(), learning.params)
    return run.spec, learning.params


def mean_interval(found: NDArray[np.int32]) -> tuple[float, float]:
    """Mean and half of its 95 % interval."""
    return float(found.mean()), float(1.96 * found.std(ddof=1) / np.sqrt(len(found)))


def learn(
    task: SnakeTask, moves: int | None, seed: int, tell: Tell | None = None
) -> tuple[NetworkSpec, Params]:
    """`pretrain` as agreed on, or for as many moves of each game."""
    config = DqnConfig()
    return pretrain(task, replace(config, moves=moves or config.moves), seed, tell)


def script(words: str, sensor: str, learn: Learn) -> None:
    """What a pre-training's file does when it is run: train, write the policy, print what 1,000 games score.

    words: its docstring; sensor: if none is given.
    """
    parser = argparse.ArgumentParser(description=words.splitlines()[0])
    parser.add_argument("--sensor", choices=SENSORS, default=sensor)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--moves", type=int, help="of each game; as many as agreed on if omitted")
    parser.add_argument("--out", type=Path, help="policy file to write")
    arguments = parser.parse_args()
    task = SnakeTask(sensor=arguments.sensor)
    begun_s = time.perf_counter()

    def tell(moves: int, foods: float) -> None:
        print(
            f"{time.perf_counter() - begun_s:6.1f} s  {moves:6d} moves  {foods:6.2f} foods a death",
            flush=True,
        )

    spec, params = learn(task, arguments.moves, arguments.seed, tell)
    if arguments.out:
        policy = Policy("snake-v0", {"kind": arguments.sensor}, spec, params)
        arguments.out.write_bytes(files.dump(policy))
    begun_s = time.perf_counter()
    mean, half = mean_interval(np.asarray(scores(task, spec, params, jax.random.key(1), 1000)))
    print(f"1,000 games: {mean:.1f} +- {half:.1f} foods, {time.perf_counter() - begun_s:.1f} s")


if __name__ == "__main__":
    script(__doc__ or "", "grid", learn)
