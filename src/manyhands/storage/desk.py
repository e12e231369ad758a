"""Work that is under way, on the disk, so that another process can go on with it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.types import Json

Arrays = Mapping[str, NDArray[Any]]
_FACTS = "facts"


class Desk:
    """Keeps one file of numbers for each piece of work, and files beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, facts: Json, arrays: Arrays) -> None:
        """Put a state in place of the last one, whole or not at all; no array may be called `facts`."""
        text = np.frombuffer(json.dumps(facts).encode(), np.uint8)

        def write(file: Any) -> None:
            np.savez(file, allow_pickle=False, **arrays, **{_FACTS: text})

        self._replace(self._state(name), write)

    def take(self, name: str) -> tuple[Json, dict[str, NDArray[Any]]] | None:
        """The state that was kept last, None if there is none."""
        try:
            with np.load(self._state(name), allow_pickle=False) as stored:
                arrays = dict(stored)
        except FileNotFoundError:
            return None
        return json.loads(arrays.pop(_FACTS).tobytes()), arrays

    def put(self, name: str, kind: str, data: bytes) -> None:
        """Put a file of this kind in place of the last one."""
        self._replace(self._folder / f"{name}.{kind}", lambda file: file.write(data))

    def read(self, name: str, kind: str) -> bytes | None:
        """The file of this kind, None if there is none."""
        try:
            return (self._folder / f"{name}.{kind}").read_bytes()
        except FileNotFoundError:
            return None

    def names(self) -> set[str]:
        """The pieces of work that have files here."""
        return {path.name.partition(".")[0] for path in self._folder.glob("*")}

    def clear(self, name: str) -> None:
        """Forget a piece of work that has ended."""
        for path in self._folder.glob(f"{name}.*"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    def _state(self, name: str) -> Path:
        return self._folder / f"{name}.npz"

    def _replace(self, path: Path, write: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
