"""The sequential test: how often it errs on simulated differences, and its arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from manyhands.judging import gate
from manyhands.judging.gate import GateConfig

CONFIG = GateConfig()
TRIALS = 2000


def acceptance(
    config: GateConfig, effect: float, tries: int = 1, spread: float = 0.25
) -> tuple[float, float]:
    """Share of tests that pass when the true difference is `effect` spreads, and starts used on average."""
    rng = np.random.default_rng(1)
    passed = used = 0
    for _ in range(TRIALS):
        differences = rng.normal(effect * spread, spread, config.most)
        for count in range(config.block, config.most + 1, config.block):
            found = gate.compare(config, differences[:count], tries)
            if found.passed or found.failed:
                break
        passed += found.passed
        used += count
    return passed / TRIALS, used / TRIALS


def test_without_an_effect_alpha_pass() -> None:
    share, starts = acceptance(CONFIG, 0.0, tries=1)
    # The first try spends half of alpha; three standard errors of the simulation are .010.
    assert share <= gate.spent_alpha(CONFIG, 1) + 0.010
    assert starts < 1000


def test_at_the_full_effect_all_but_beta_pass() -> None:
    share, _ = acceptance(CONFIG, CONFIG.effect, tries=1)
    assert share >= 1.0 - CONFIG.beta - 0.015


def test_a_large_effect_passes_at_once() -> None:
    share, starts = acceptance(CONFIG, 1.0)
    assert (share, starts) == (1.0, CONFIG.block)


def test_harm_never_passes() -> None:
    assert acceptance(CONFIG, -0.2)[0] == 0.0


def test_all_tries_of_a_lot_spend_alpha_together() -> None:
    spent = [gate.spent_alpha(CONFIG, tries) for tries in range(1, 10_000)]
    assert spent == sorted(spent, reverse=True)
    assert 0.999 * CONFIG.alpha < math.fsum(spent) < CONFIG.alpha


def test_a_later_try_asks_for_more() -> None:
    assert acceptance(CONFIG, 0.1, tries=5)[0] < acceptance(CONFIG, 0.1, tries=1)[0]


def test_bounds_are_those_of_wald() -> None:
    assert gate.bounds(0.05, 0.05) == pytest.approx((-2.944, 2.944), abs=1e-3)


@pytest.mark.parametrize("differences", [np.zeros(64), np.full(64, -0.5)])
def test_equal_policies_do_not_pass(differences: NDArray[np.float64]) -> None:
    found = gate.compare(CONFIG, np.tile(differences, 12), 1)
    assert found.failed
    assert not found.passed
