"""People react late: pair each action with the observation its driver reacted to.

What a person does now answers what was seen some 130 to 250 ms ago. Labels paired with the present
observation teach to steer late; paired with the one that was answered they teach to steer in time. The lag of
a player is estimated from its own driving: it is the shift at which a linear model of the action on the
observation predicts best on driving it was not fitted to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manyhands.learners.samples import Samples

LONGEST_TICKS = 6
LEAST_TICKS = 150  # of human driving, fewer say nothing
CLEARLY_BETTER = 0.9  # share of the error without a shift that a shift must fall below
RIDGE = 0.1
FOLD_TICKS = 30  # neighbours are alike: folds are made of stretches, not of single ticks


@dataclass(frozen=True)
class Drive:
    """One attempt as a learner could use it.

    features: (n, F) float32 before each tick; actions: (n, A) float32 in [-1, 1]; weights: (n,) float32,
    0 for ticks not to be learned; human: (n,) bool.
    """

    features: NDArray[np.float32]
    actions: NDArray[np.float32]
    weights: NDArray[np.float32]
    human: NDArray[np.bool_]

    def samples(self, lag: int) -> Samples:
        """Samples whose human actions are paired with the observation `lag` ticks earlier.

        Ticks that the policy drove are its own and keep their observation.
        """
        rows = np.flatnonzero(self.weights > 0.0)
        seen = np.where(self.human[rows], rows - lag, rows)
        rows, seen = rows[seen >= 0], seen[seen >= 0]
        return Samples(self.features[seen], self.actions[rows], self.weights[rows])


def estimate(drives: Sequence[Drive]) -> int:
    """Reaction time of one player in control ticks, 0 to LONGEST_TICKS, from its drives.

    0 where there is too little driving to tell, or no shift predicts clearly better than none.
    """
    if sum(int(drive.human.sum()) for drive in drives) < LEAST_TICKS:
        return 0
    errors = [lag_error(drives, lag) for lag in range(LONGEST_TICKS + 1)]
    best = int(np.argmin(errors))
    return best if errors[best] < CLEARLY_BETTER * errors[0] else 0


def lag_error(drives: Sequence[Drive], lag: int) -> float:
    """Mean squared error of ridge regression at a lag, on the half of the driving it was not fitted to.

    Every lag is measured on the same ticks.
    """
    inputs, targets = [], []
    for drive in drives:
        rows = np.flatnonzero(drive.human)
        rows = rows[rows >= LONGEST_TICKS]
        inputs.append(drive.features[rows - lag])
        targets.append(drive.actions[rows])
    x, y = np.concatenate(inputs).astype(np.float64), np.concatenate(targets).astype(np.float64)
    x = np.column_stack([x, np.ones(len(x))])
    fold = np.arange(len(x)) // FOLD_TICKS % 2 == 0
    total = 0.0
    for fit, check in ((fold, ~fold), (~fold, fold)):
        gram = x[fit].T @ x[fit] + RIDGE * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x[fit].T @ y[fit])
        total += float(((x[check] @ weights - y[check]) ** 2).sum())
    return total / len(x)
