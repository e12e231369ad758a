"""What a Snake policy is worth: games from seeds of its own, and agreement with a player's moves."""

from __future__ import annotations

import random
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from manyhands.envs.snake import scripted
from manyhands.envs.snake.board import ARCADE, Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import Record, Transitions
from manyhands.envs.snake.task import SnakeTask
from manyhands.errors import InputError
from manyhands.learners import dqn
from manyhands.policies import network
from manyhands.policies.files import Policy

Z_95 = 1.96


@dataclass(frozen=True)
class Scores:
    """Foods of each game (N,), their mean with its 95 % interval, and the game of median score."""

    foods: NDArray[np.int32]
    mean: float
    low: float
    high: float
    example: Record

    @property
    def histogram(self) -> list[int]:
        """Number of games with 0, 1, 2 … foods, up to the most."""
        return [int(count) for count in np.bincount(self.foods)]

    def sentence(self) -> str:
        """All figures in a line."""
        return f"{len(self.foods):,} games: {self.mean:.1f} foods (95 %: {self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True)
class Agreement:
    """Share of a player's moves that a policy would have made, with its 95 % interval (E. Wilson, 1927)."""

    share: float
    low: float
    high: float


def evaluate(policy: Policy, board: Board = ARCADE, games: int = 1000, seed: int = 0) -> Scores:
    """Play `games` games greedily, each to its end. Raises InputError for less than two games."""
    if games < 2:
        raise InputError("An interval needs two games.", field="games", remedy="Ask for more games.")
    task = SnakeTask(board, policy.sensor["kind"])
    played = dqn.play(task, policy.network, policy.params, jax.random.key(seed), games)
    mean, half = dqn.mean_interval(played.foods)
    middle = int(np.argsort(played.foods, kind="stable")[games // 2])
    moves = "".join(scripted.LETTERS[int(turn)] for turn in played.turns(middle))
    eaten = int(played.foods[middle])
    example = Record(int(played.seeds[middle]), moves, eaten, board.start_length + eaten)
    return Scores(played.foods, mean, mean - half, mean + half, example)


def agreement(policy: Policy, moves: Transitions) -> Agreement:
    """How often the policy would have made a player's move. Raises InputError for no moves."""
    if not len(moves.turn):
        raise InputError("There are no moves to agree with.", field="games", remedy="Play a game.")
    seen = jnp.asarray(moves.seen[:, : policy.network.vector])
    chosen = np.asarray(jnp.argmax(network.head(policy.network, policy.params, seen), axis=-1)) - 1
    share, count = float((chosen == moves.turn).mean()), len(moves.turn)
    middle = (share + Z_95**2 / (2 * count)) / (1 + Z_95**2 / count)
    reach = Z_95 * (share * (1 - share) / count + (Z_95 / (2 * count)) ** 2) ** 0.5 / (1 + Z_95**2 / count)
    return Agreement(share, middle - reach, middle + reach)


def player_scores(board: Board, player: scripted.Player, games: int, seed: int) -> NDArray[np.int32]:
    """Foods of a scripted player's games (N,), each played to its end."""
    chance, found = random.Random(seed), []
    for _ in range(games):
        game = Game(board, chance.getrandbits(32))
        while not game.ended:
            game.move(player(game, chance))
        found.append(game.eaten)
    return np.array(found, np.int32)
