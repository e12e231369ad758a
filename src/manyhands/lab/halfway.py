"""A lesson's training as facts and arrays for `storage.desk`, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.learners.snake_lessons import Halfway
from manyhands.learners.snake_rows import Snapshot, Trained
from manyhands.policies import files
from manyhands.storage.desk import Arrays
from manyhands.types import Json


def stored(halfway: Halfway) -> tuple[Json, dict[str, NDArray[Any]]]:
    """What is to be kept of a training."""
    human, snapshot = halfway.human, halfway.snapshot
    arrays: dict[str, NDArray[Any]] = {
        f"leaf-{place}": np.asarray(leaf) for place, leaf in enumerate(snapshot.leaves)
    }
    if human is not None:
        arrays["human"] = np.frombuffer(files.dump(human.policy), np.uint8)
    facts = {
        "part": snapshot.part,
        "curves": snapshot.curves,
        "human_curves": human.curves if human else {},
        "seconds": halfway.seconds,
    }
    return facts, arrays


def read(facts: Json, arrays: Arrays) -> Halfway:
    """The training that was kept."""
    leaves = tuple(arrays[f"leaf-{place}"] for place in range(len(arrays)) if f"leaf-{place}" in arrays)
    human = None
    if "human" in arrays:
        human = Trained(files.parse(arrays["human"].tobytes()), facts["human_curves"])
    return Halfway(human, Snapshot(facts["part"], leaves, facts["curves"]), facts["seconds"])
