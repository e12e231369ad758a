"""A training: whole episodes, rewards in order, the same policy from the same seed, the best one kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from manyhands.envs.racer import tracks
from manyhands.envs.racer.actions import Choices, Ranges
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.garage import learning, training
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.garage.params import Trace
from manyhands.garage.training import Order, Training

CARS = 5
SPACE = Choices(((-20.0, 1.2), (0.0, 0.7), (20.0, 1.2)))
ORDER = Order(
    track=tracks.track("kidney"),
    space=SPACE,
    sensor=Lidar(beams=8),
    hyper=Hyperparameters(num_episodes_between_training=CARS, num_epochs=3, batch_size=32),
    trials=2,
    max_ticks=150,
)


def distance(trace: Trace) -> NDArray[np.float64]:
    """Stands in for a person's function: progress, less where the car is off the road."""
    return np.where(trace.offtrack, -10.0, trace.progress.astype(np.float64))


def run(order: Order, iterations: int, reward: Callable[[Trace], NDArray[np.float64]] = distance) -> Training:
    return training.train(order, reward, lambda history, _: len(history) < iterations)


def same(first: Training, second: Training) -> bool:
    pairs = zip(jax.tree.leaves(first.weights), jax.tree.leaves(second.weights), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


@pytest.fixture(scope="module")
def trained() -> Training:
    return run(ORDER, 3)


def test_the_same_seed_gives_the_same_policy_bit_for_bit(trained: Training) -> None:
    again = run(ORDER, 3)
    assert same(trained, again)
    figures = [replace(found, seconds=0.0) for found in again.history]
    assert figures == [replace(found, seconds=0.0) for found in trained.history]


def test_another_seed_gives_another_policy(trained: Training) -> None:
    assert not same(trained, run(replace(ORDER, seed=1), 3))


def test_history_tells_of_every_policy_the_last_one_too(trained: Training) -> None:
    assert [found.number for found in trained.history] == [0, 1, 2, 3]
    assert trained.history[0].best
    assert all(found.episodes == CARS and 0.0 < found.completion <= 100.0 for found in trained.history)
    # Three actions are drawn almost evenly at first.
    assert trained.history[0].entropy == pytest.approx(np.log(3.0), abs=0.05)
    best = [found.completion_trials for found in trained.history if found.best]
    assert best == sorted(best)
    assert best[-1] == max(found.completion_trials for found in trained.history)


def test_a_reward_sees_every_tick_of_every_car_once_and_in_order() -> None:
    seen: list[Trace] = []

    def look(trace: Trace) -> NDArray[np.float64]:
        seen.append(trace)
        return distance(trace)

    found = run(ORDER, 1, look)
    step, done, alive = (
        np.concatenate([getattr(trace, name) for trace in seen]) for name in ("step", "done", "alive")
    )
    for car in range(CARS):
        steps, ends = step[alive[:, car], car], done[alive[:, car], car]
        begins = np.flatnonzero(steps == 1)
        assert len(begins) == 2  # one episode in each iteration
        assert (np.diff(steps)[np.diff(steps) != 1] < 0).all()
        assert (np.flatnonzero(ends) + 1).tolist() == [*begins[1:].tolist(), len(steps)]
    assert alive.sum() == sum(past.steps for past in found.history)


def test_a_trace_says_what_was_commanded_exactly() -> None:
    told: set[tuple[float, float]] = set()

    def look(trace: Trace) -> NDArray[np.float64]:
        pairs = zip(trace.steering[trace.alive].tolist(), trace.speed[trace.alive].tolist(), strict=True)
        told.update(pairs)
        return distance(trace)

    run(ORDER, 1, look)
    assert told == set(SPACE.actions)


@pytest.mark.parametrize(
    "order",
    [
        replace(
            ORDER,
            space=Ranges((-25.0, 25.0), (0.5, 1.5)),
            reversed=True,
            hyper=replace(ORDER.hyper, loss_type="mse"),
            trials=0,
        ),
        replace(ORDER, sensor=Camera(width=24, height=16), network="deep"),
    ],
    ids=["ranges, in reverse", "camera"],
)
def test_other_orders_learn_too(order: Order) -> None:
    before = Training(order, distance)
    after = run(order, 1)
    changed = [
        not np.array_equal(one, other)
        for one, other in zip(jax.tree.leaves(before.weights), jax.tree.leaves(after.weights), strict=True)
    ]
    # A list of actions has no spread to learn.
    assert sum(changed) >= len(changed) - 1
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after.weights))


def test_an_interrupt_keeps_what_was_best() -> None:
    def stop(history: list[training.Iteration], _: float) -> bool:
        if len(history) == 2:
            raise KeyboardInterrupt
        return True

    found = training.train(ORDER, distance, stop)
    assert len(found.history) == 2
    assert set(found.best) == {"policy", "value", "spread"}


def test_the_size_of_rewards_does_not_matter() -> None:
    def large(trace: Trace) -> NDArray[np.float64]:
        return 1024.0 * distance(trace)

    small_run, large_run = run(ORDER, 2), run(ORDER, 2, large)
    assert same(small_run, large_run)


def test_an_order_holds_every_row_once_an_epoch() -> None:
    rows = np.arange(100, 196)
    order, count = learning.minibatch_rows(np.random.default_rng(0), rows, 32, 4, 1000)
    assert count == 4 * 3
    for epoch in range(4):
        assert sorted(order[3 * epoch : 3 * epoch + 3].ravel()) == rows.tolist()
    few, count = learning.minibatch_rows(np.random.default_rng(0), rows[:5], 32, 4, 1000)
    assert count == 4
    assert set(few[0]) == set(rows[:5].tolist())
