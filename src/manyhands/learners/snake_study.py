"""What a Snake policy is worth: games from seeds of its own, and agreement with a player's moves."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.snake import rules, scripted
from manyhands.envs.snake.board import TURNS, Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import Record, Transitions
from manyhands.envs.snake.rules import State
from manyhands.envs.snake.task import SnakeTask
from manyhands.errors import InputError
from manyhands.learners import dqn
from manyhands.learners.snake_lessons import task_of
from manyhands.policies import network
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params

Z_95 = 1.96


@dataclass(frozen=True)
class Scores:
    """Foods of each game (N,), their mean with its 95 % interval, and the game of median score."""

    foods: NDArray[np.int32]
    mean: float
    low: float
    high: float
    example: Record

    def sentence(self) -> str:
        """All figures in a line."""
        return f"{len(self.foods):,} games: {self.mean:.1f} foods (95 %: {self.low:.1f} to {self.high:.1f})"


def evaluate(policy: Policy, games: int = 1000, seed: int = 0) -> Scores:
    """Play `games` games greedily, each to its end. Raises InputError for less than two games."""
    if games < 2:
        raise InputError("An interval needs two games.", field="games", remedy="Ask for more games.")
    task, key = task_of(policy), jax.random.key(seed)
    foods = dqn.scores(task, policy.network, policy.params, key, games)
    mean, reach = float(foods.mean()), Z_95 * float(foods.std(ddof=1)) / float(np.sqrt(games))
    middle = int(np.argsort(foods, kind="stable")[games // 2])
    example = record(task, policy, jax.random.split(key, games)[middle])
    return Scores(foods, mean, mean - reach, mean + reach, example)


def record(task: SnakeTask, policy: Policy, key: Array) -> Record:
    """One greedy game from its first move to its last."""
    state = task.start(key)
    seed, letters, going = int(state.seed), [], True
    while going:
        state, turns, alive = _stretch(task, policy.network, policy.params, state)
        made = np.asarray(turns)[np.asarray(alive)].tolist()
        letters += [scripted.LETTERS[turn] for turn in made]
        going = len(made) == dqn.STRETCH and not _ended(task.board, seed, letters)
    return Record(seed, "".join(letters), int(state.eaten), int(state.length))


def _ended(board: Board, seed: int, letters: list[str]) -> bool:
    """Whether a stretch's last move, after which nothing was played, ended the game."""
    game = Game(board, seed)
    for letter in letters:
        game.move(TURNS[letter])
    return bool(game.ended)


@partial(jax.jit, static_argnums=(0, 1))
def _stretch(task: SnakeTask, spec: NetworkSpec, params: Params, state: State) -> tuple[State, Array, Array]:
    """Greedy moves (T,) of one game, and which of them were made before it ended."""

    def tick(carry: tuple[State, Array], _: None) -> tuple[tuple[State, Array], tuple[Array, Array]]:
        state, alive = carry
        seen = task.observe(state)["vector"]
        turn = jnp.asarray(dqn.TURNS, jnp.int32)[dqn.best(spec, params, seen)]
        moved, _ate, ended = rules.move(task.board, state, turn)
        after = jax.tree.map(lambda new, old: jnp.where(alive, new, old), moved, state)
        return (after, alive & ~ended), (turn, alive)

    (last, _), (turns, alive) = jax.lax.scan(tick, (state, jnp.bool_(True)), None, length=dqn.STRETCH)
    return last, turns, alive


def agreement(policy: Policy, moves: Transitions) -> float:
    """Share of the moves for which the policy would have made the same one."""
    seen = jnp.asarray(moves.seen[:, : policy.network.vector])
    chosen = np.asarray(jnp.argmax(network.head(policy.network, policy.params, seen), axis=-1)) - 1
    return float((chosen == moves.turn).mean())


def player_scores(board: Board, player: scripted.Player, games: int, seed: int) -> NDArray[np.int32]:
    """Foods of a scripted player's games (N,), each played to its end."""
    chance, found = random.Random(seed), []
    for _ in range(games):
        game = Game(board, chance.getrandbits(32))
        while not game.ended:
            game.move(player(game, chance))
        found.append(game.eaten)
    return np.array(found, np.int32)
