"""The sequential test that lets a candidate replace the champion.

A generalised sequential probability ratio test (Wald, 1945; with the variance estimated, as in engine testing
for chess) on paired differences of scores: H0 says the mean difference is 0, H1 that it is `effect` standard
deviations. Pure arithmetic on arrays of differences.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GateConfig:
    """Settings of the test."""

    alpha: float = 0.05
    """chance to pass without an effect, over all tries of one lot"""
    beta: float = 0.05
    """chance to fail at the full effect"""
    effect: float = 0.1
    """smallest effect worth passing, in standard deviations of the paired difference"""
    block: int = 256
    """starts added at a time"""
    most: int = 2560
    """starts after which an undecided test counts as failed"""


def spent_alpha(config: GateConfig, tries: int) -> float:
    """Share of alpha for the k-th try of one lot, alpha / (k (k + 1)): all tries together spend alpha."""
    return config.alpha / (tries * (tries + 1))


def bounds(alpha: float, beta: float) -> tuple[float, float]:
    """Log-likelihood ratios at which the test fails and passes."""
    return math.log(beta / (1.0 - alpha)), math.log((1.0 - beta) / alpha)


def log_likelihood_ratio(differences: NDArray[np.float64], effect: float) -> float:
    """Of a mean of `effect` standard deviations against a mean of 0, for differences (n,)."""
    spread = float(differences.std(ddof=1))
    if spread < 1e-12:
        # Equal policies differ nowhere; a constant difference other than 0 does not occur between drives.
        return -len(differences) * effect * effect / 2.0
    return len(differences) * effect * (float(differences.mean()) / spread - effect / 2.0)


@dataclass(frozen=True)
class Comparison:
    """One finished or running test: mean and standard error of the difference, ratio, what it says."""

    mean: float
    error: float
    ratio: float
    passed: bool
    failed: bool


def compare(config: GateConfig, differences: NDArray[np.float64], tries: int) -> Comparison:
    """State of the test after the given differences (n,), n >= 2."""
    low, high = bounds(spent_alpha(config, tries), config.beta)
    ratio = log_likelihood_ratio(differences, config.effect)
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return Comparison(
        mean=float(differences.mean()), error=error, ratio=ratio, passed=ratio >= high, failed=ratio <= low
    )
