"""Q-learning on a board so small that a few seconds show whether it learns."""

import jax
import numpy as np
import pytest

from manyhands.envs.snake.board import Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn

TASK = SnakeTask(Board(width=6, height=5, start_length=2, cap=20), sensor="features")
SMALL = dqn.DqnConfig(moves=2000, games=32, kept=200, batch=64, hidden=(32,), rate=3e-3, target=0.05)


@pytest.fixture(scope="module")
def told() -> list[int]:
    """Moves of each game, whenever the training of `learned` told of them."""
    return []


@pytest.fixture(scope="module")
def learned(told: list[int]) -> tuple[dqn.NetworkSpec, dqn.Params]:
    return dqn.pretrain(TASK, SMALL, 0, lambda moves, _: told.append(moves))


def test_it_learns_to_eat(learned: tuple[dqn.NetworkSpec, dqn.Params]) -> None:
    spec, params = learned
    fresh = dqn.Dqn(TASK, SMALL).begin(1).params
    before = dqn.scores(TASK, spec, fresh, jax.random.key(9), 64)
    after = dqn.scores(TASK, spec, params, jax.random.key(9), 64)
    assert after.mean() > before.mean() + 2.0


def test_the_same_seed_gives_the_same_policy(learned: tuple[dqn.NetworkSpec, dqn.Params]) -> None:
    _, again = dqn.pretrain(TASK, SMALL, seed=0)
    for name, leaf in learned[1].items():
        np.testing.assert_array_equal(leaf, again[name])


def test_games_are_counted_to_their_end(learned: tuple[dqn.NetworkSpec, dqn.Params]) -> None:
    """Batches that shrink do not lose or mix games: one game alone scores what it did among others."""
    spec, params = learned
    many = dqn.scores(TASK, spec, params, jax.random.key(3), 40)
    assert many.shape == (40,)
    np.testing.assert_array_equal(many, dqn.scores(TASK, spec, params, jax.random.key(3), 40))
    assert many.max() < TASK.board.cells


@pytest.mark.usefixtures("learned")
def test_progress_is_told(told: list[int]) -> None:
    assert told[-1] == SMALL.moves
    assert len(told) == 20


def test_the_moves_of_a_game_lead_to_its_score(learned: tuple[dqn.NetworkSpec, dqn.Params]) -> None:
    spec, params = learned
    played = dqn.play(TASK, spec, params, jax.random.key(3), 40)
    for number in (0, 17, 39):
        game = Game(TASK.board, int(played.seeds[number]))
        for turn in played.turns(number):
            assert not game.ended
            game.move(int(turn))
        assert game.ended
        assert (game.eaten, game.steps) == (played.foods[number], played.steps[number])
