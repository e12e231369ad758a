"""What learners read: features, labels and weights, one row per control tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Samples:
    """What a learner sees of an attempt or of a whole data set.

    features: (n, F) float32; labels: (n, A) float32 in [-1, 1]; weights: (n,) float32.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.weights)

    def first(self, count: int) -> Samples:
        """The first `count` samples."""
        return Samples(self.features[:count], self.labels[:count], self.weights[:count])

    @staticmethod
    def concatenate(parts: list[Samples], features: int, axes: int) -> Samples:
        """All samples in order; empty arrays of the given widths where there are none."""
        empty = Samples(
            np.zeros((0, features), np.float32), np.zeros((0, axes), np.float32), np.zeros(0, np.float32)
        )
        every = [empty, *parts]
        return Samples(
            np.concatenate([p.features for p in every]),
            np.concatenate([p.labels for p in every]),
            np.concatenate([p.weights for p in every]),
        )
