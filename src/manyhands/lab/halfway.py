"""A lesson's training on the disk while it runs, so that another process can go on with it."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.learners.snake_lessons import Halfway
from manyhands.learners.snake_rows import Snapshot, Trained
from manyhands.policies import files


class Desk:
    """Keeps one file for each lesson that is under way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, lesson_id: str, halfway: Halfway) -> None:
        """Put a state in place of the last one, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
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
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        fresh = self._path(lesson_id).with_suffix(".new")
        with fresh.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path(lesson_id))

    def take(self, lesson_id: str) -> Halfway | None:
        """The state that was kept last, None if there is none."""
        try:
            with np.load(self._path(lesson_id), allow_pickle=False) as arrays:
                facts = json.loads(arrays["facts"].tobytes())
                leaves = tuple(
                    arrays[f"leaf-{place}"] for place in range(len(arrays.files)) if f"leaf-{place}" in arrays
                )
                human = None
                if "human" in arrays:
                    human = Trained(files.parse(arrays["human"].tobytes()), facts["human_curves"])
        except FileNotFoundError:
            return None
        return Halfway(human, Snapshot(facts["part"], leaves, facts["curves"]), facts["seconds"])

    def clear(self, lesson_id: str) -> None:
        """Forget a lesson that has ended."""
        with contextlib.suppress(FileNotFoundError):
            self._path(lesson_id).unlink()

    def _path(self, lesson_id: str) -> Path:
        return self._folder / f"{lesson_id}.npz"
