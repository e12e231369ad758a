"""Algorithms beside PPO: seeded, continued by another process, and better than where they began."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from manyhands.envs.racer import tracks
from manyhands.envs.racer.actions import Choices, Ranges
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.errors import InputError
from manyhands.garage import driving, hyperparameters, learning, training
from manyhands.garage.hyperparameters import Algorithm
from manyhands.garage.outputs import policy_of
from manyhands.garage.params import Trace
from manyhands.garage.training import Order, Training
from manyhands.learners.policy_gradient import tanh_log_slope
from manyhands.policies import files

RANGES = Ranges((-25.0, 25.0), (0.5, 1.5))
LIST = Choices(((-20.0, 1.2), (0.0, 0.7), (20.0, 1.2)))
SETTINGS = {"num_episodes_between_training": 5, "batch_size": 32}
OTHERS: list[Algorithm] = ["sac", "policy-gradient"]


def order(algorithm: Algorithm, **changes: object) -> Order:
    hyper = hyperparameters.parse(SETTINGS, algorithm)
    plain = Order(tracks.track("kidney"), RANGES, Lidar(beams=8), hyper, trials=2, max_ticks=150)
    return replace(plain, **changes)  # type: ignore[arg-type]


def distance(trace: Trace) -> NDArray[np.float64]:
    return np.where(trace.offtrack, -10.0, trace.progress.astype(np.float64))


def run(wanted: Order, iterations: int) -> Training:
    return training.train(wanted, distance, lambda history, _: len(history) < iterations)


def same(first: Training, second: Training) -> bool:
    pairs = zip(jax.tree.leaves(first.weights), jax.tree.leaves(second.weights), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("algorithm", OTHERS)
def test_the_same_seed_gives_the_same_policy_bit_for_bit(algorithm: Algorithm) -> None:
    first, second = run(order(algorithm), 3), run(order(algorithm), 3)
    assert same(first, second)
    assert not same(first, run(order(algorithm, seed=1), 3))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(first.weights))
    figures = [replace(found, seconds=0.0) for found in first.history]
    assert figures == [replace(found, seconds=0.0) for found in second.history]


@pytest.mark.parametrize("algorithm", OTHERS)
def test_what_is_kept_is_gone_on_from(algorithm: Algorithm) -> None:
    before = run(order(algorithm), 2)
    after = Training(order(algorithm), distance)
    after.go_on(*before.kept())
    assert same(before, after)
    assert after.iterate().number == len(before.history)


@pytest.mark.parametrize("algorithm", OTHERS)
def test_a_policy_is_begun_with_and_driven_from_its_file(algorithm: Algorithm) -> None:
    before = run(order(algorithm), 1)
    policy = files.parse(files.dump(policy_of(before, "latest")))
    after = Training(order(algorithm), distance)
    after.begin_with(policy)
    assert all(np.array_equal(policy.params[name], leaf) for name, leaf in after.weights["policy"].items())
    driver, weights = driving.driver_of(policy, tracks.track("kidney"), 10, 1)
    seen = {"vector": jnp.ones((3, policy.network.vector))}
    outputs, _ = driving.policy_and_value(
        policy.network, weights, driving.encode(policy.network, weights, seen)
    )
    assert np.array_equal(driver.greedy(outputs), before.driver.greedy(outputs))


def test_a_vanilla_gradient_learns_a_list_of_actions() -> None:
    found = run(order("policy-gradient", space=LIST), 2)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found.weights))


def test_soft_actor_critic_learns_from_pictures() -> None:
    wanted = order("sac", sensor=Camera(width=24, height=16), max_ticks=40)
    before, after = Training(wanted, distance), run(wanted, 1)
    encoders = [made.weights["policy"]["encoder.0.w"] for made in (before, after)]
    assert not np.array_equal(*encoders)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after.weights))


def test_soft_actor_critic_takes_no_list_of_actions() -> None:
    with pytest.raises(InputError, match="continuous") as refused:
        Training(order("sac", space=LIST), distance)
    assert refused.value.field == "action_space"


def test_a_squashed_gaussian_is_a_distribution() -> None:
    raw = np.linspace(-9.0, 9.0, 200_001)
    chance = np.exp(-0.5 * raw**2) / np.sqrt(2.0 * np.pi)
    action = np.tanh(raw)
    density = chance / np.exp(np.asarray(tanh_log_slope(jnp.asarray(raw[:, None]))))
    assert np.trapezoid(density, action) == pytest.approx(1.0, abs=1e-3)


def test_the_scale_follows_the_size_of_rewards() -> None:
    scale = learning.RewardScale()
    assert scale.take(4.0) == 1.0
    assert scale.size == pytest.approx(2.0)
    assert scale.take(400.0) == pytest.approx(2.0 / scale.size)


def test_returns_end_with_their_episode() -> None:
    reward, done = np.array([[1.0], [2.0], [4.0]]), np.array([[False], [True], [False]])
    assert learning.returns(reward, done, 0.5).ravel().tolist() == [2.0, 2.0, 4.0]
