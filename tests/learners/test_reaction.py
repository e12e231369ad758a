"""The reaction time of a driver is found from its driving, and its labels are moved back by it."""

import numpy as np
import pytest

from manyhands.learners import reaction
from manyhands.learners.reaction import Drive


def drive(lag: int, ticks: int, seed: int, noise: float = 0.05) -> Drive:
    """A driver that answers, `lag` ticks late, a linear function of a slowly moving observation."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(ticks, 8))
    features = np.stack([np.convolve(column, np.ones(4) / 4, "same") for column in steps.T], axis=1)
    answer = features @ rng.normal(size=(8, 2)) * 0.3
    actions = np.roll(answer, lag, axis=0) + noise * rng.normal(size=(ticks, 2))
    return Drive(
        features.astype(np.float32),
        actions.astype(np.float32),
        np.ones(ticks, np.float32),
        np.ones(ticks, bool),
    )


@pytest.mark.parametrize("lag", [0, 1, 3, 5])
def test_finds_the_lag(lag: int) -> None:
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(8, 2)) * 0.3
    drives = []
    for seed in range(4):
        plain = drive(0, 200, seed)
        late = np.roll(plain.features @ weights, lag, axis=0).astype(np.float32)
        drives.append(Drive(plain.features, late, plain.weights, plain.human))
    assert reaction.estimate(drives) == lag


def test_says_nothing_of_too_little_driving() -> None:
    assert reaction.estimate([drive(3, reaction.LEAST_TICKS - 1, 0)]) == 0


def test_says_nothing_of_noise() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(400, 2)).astype(np.float32)
    plain = drive(0, 400, 1)
    assert reaction.estimate([Drive(plain.features, noise, plain.weights, plain.human)]) == 0


def test_moves_only_the_human_labels() -> None:
    plain = drive(0, 20, 2)
    human = np.arange(20) >= 10
    weights = np.where(np.arange(20) == 15, 0.0, 1.0).astype(np.float32)
    samples = Drive(plain.features, plain.actions, weights, human).samples(2)
    rows = np.array([row for row in range(20) if row != 15])
    np.testing.assert_array_equal(samples.labels, plain.actions[rows])
    np.testing.assert_array_equal(samples.features, plain.features[np.where(human[rows], rows - 2, rows)])


def test_drops_labels_that_answer_nothing_recorded() -> None:
    plain = drive(0, 20, 3)
    assert len(plain.samples(3)) == 17
