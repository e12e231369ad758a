"""Policy gradient on a board so small that a few seconds show whether it learns."""

import jax
import numpy as np
import pytest

from manyhands.envs.snake.board import Board
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn, snake_ppo
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

TASK = SnakeTask(Board(width=6, height=5, start_length=2, cap=20), sensor="features")
SMALL = snake_ppo.PpoConfig(
    moves=3000, games=32, horizon=20, minibatches=2, hidden=(32,), rate=3e-3, death=1.0, discount=0.95
)


@pytest.fixture(scope="module")
def learned() -> tuple[NetworkSpec, Params]:
    return snake_ppo.pretrain(TASK, SMALL, seed=0)


def test_it_learns_to_eat(learned: tuple[NetworkSpec, Params]) -> None:
    spec, params = learned
    fresh = snake_ppo.folded(snake_ppo.Ppo(TASK, SMALL).begin(1).params, 1.0)
    before = dqn.scores(TASK, spec, fresh, jax.random.key(9), 64)
    after = dqn.scores(TASK, spec, params, jax.random.key(9), 64)
    assert after.mean() > before.mean() + 2.0


def test_the_same_seed_gives_the_same_policy(learned: tuple[NetworkSpec, Params]) -> None:
    _, again = snake_ppo.pretrain(TASK, SMALL, seed=0)
    for name, leaf in learned[1].items():
        np.testing.assert_array_equal(leaf, again[name])


def test_progress_is_told() -> None:
    told: list[int] = []
    brief = snake_ppo.PpoConfig(moves=400, games=8, horizon=10, minibatches=2, hidden=(8,))
    snake_ppo.pretrain(TASK, brief, 0, lambda moves, _: told.append(moves))
    assert told == list(range(20, 401, 20))


def test_folding_keeps_the_value_and_the_order_of_the_turns() -> None:
    run = snake_ppo.Ppo(TASK, SMALL)
    params = run.begin(3).params
    seen = jax.random.normal(jax.random.key(4), (50, TASK.vector))
    both = network.NetworkSpec(vector=TASK.vector, hidden=(32,), head="box", actions=4)
    outputs = np.asarray(network.head(both, params, seen))
    values = np.asarray(dqn.values(run.spec, snake_ppo.folded(params, 0.4), seen))
    np.testing.assert_allclose(values.mean(axis=1), outputs[:, 3], atol=1e-5)
    apart = outputs[:, :3] - outputs[:, :3].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(values - values.mean(axis=1, keepdims=True), 0.4 * apart, atol=1e-5)


def test_the_scale_is_that_of_the_advantages_seen() -> None:
    chance = jax.numpy.log(jax.random.uniform(jax.random.key(0), (100, 8)))
    assert snake_ppo.fitted(chance, 0.3 * chance + 5.0) == pytest.approx(0.3, abs=1e-4)
    assert snake_ppo.fitted(chance, -chance) == pytest.approx(snake_ppo.LEAST_SCALE)
