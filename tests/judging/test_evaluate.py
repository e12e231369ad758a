"""Scores of single policies: the reference is 1 by definition, and the interval is of paired starts."""

from __future__ import annotations

import numpy as np
import pytest

import tiny_course as tiny
from manyhands.envs import registry
from manyhands.errors import InputError
from manyhands.judging import evaluate as evaluating
from manyhands.policies import reference
from manyhands.policies.files import Policy


@pytest.fixture(autouse=True)
def one_track(monkeypatch: pytest.MonkeyPatch) -> None:
    task = tiny.task()
    monkeypatch.setattr(registry, "task", lambda environment, config, suite: task)


def test_the_reference_scores_one_and_a_bad_driver_less() -> None:
    driver = reference.driver("racer-lidar-reference")
    own = evaluating.evaluate(driver, tiny.ROWS, 3, "heldout")
    assert (own.score, own.low, own.high) == (1.0, 1.0, 1.0)
    assert own.survival == own.reference_survival
    spec, params = tiny.bad()
    bad = evaluating.evaluate(Policy("racer-v0", driver.sensor, spec, params), tiny.ROWS, 3, "heldout")
    assert 0.0 < bad.low < bad.score < bad.high < 0.5
    assert bad.survival < 0.2
    assert bad.reference_progress == own.progress


def test_a_ratio_of_equal_drives_has_no_error_and_of_noisy_ones_the_error_of_its_pairs() -> None:
    rng = np.random.default_rng(0)
    wanted = rng.uniform(20, 40, 4000)
    assert evaluating.ratio(wanted, wanted) == (1.0, 0.0)
    own = 0.8 * wanted + rng.normal(0, 2.0, 4000)
    score, error = evaluating.ratio(own, wanted)
    assert score == pytest.approx(0.8, abs=4 * error)
    assert error == pytest.approx(2.0 / np.sqrt(4000) / wanted.mean(), rel=0.1)


def test_what_cannot_be_evaluated_is_said() -> None:
    driver = reference.driver("racer-lidar-reference")
    with pytest.raises(InputError, match="suite"):
        evaluating.evaluate(driver, 8, 0, "moon")
    with pytest.raises(InputError, match="at least two"):
        evaluating.evaluate(driver, 1, 0, "heldout")
