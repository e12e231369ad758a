"""Names of jobs and the functions behind them; what travels is the name and JSON, never code."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, Protocol

from manyhands.errors import UnknownJobError
from manyhands.types import Json


class Functions(Protocol):
    """Names of jobs and the functions behind them, however they are kept."""

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function of this name."""


@dataclass(frozen=True)
class Duties:
    """Functions that share an object's memory, such as a worker's caches; for work done in this process."""

    functions: Mapping[str, Callable[..., Any]]

    def __iter__(self) -> Iterator[str]:
        """Yield the names in the order they were given."""
        return iter(self.functions)

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function of this name.

        Raises:
            UnknownJobError: if there is none.
        """
        if name not in self.functions:
            raise UnknownJobError(f"No job is called {name!r}; known are {sorted(self.functions)}.")
        return self.functions[name]


class Registry:
    """Maps names to functions given as `"package.module:function"`, imported at first use.

    So a process can know the names without importing what the functions need.
    """

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = dict(targets)

    def __iter__(self) -> Iterator[str]:
        """Yield the names in the order they were given."""
        return iter(self._targets)

    def target(self, name: str) -> str:
        """Return where the function of this name lies.

        Raises:
            UnknownJobError: if the name is not registered.
        """
        if name not in self._targets:
            raise UnknownJobError(f"No job is called {name!r}; known are {sorted(self._targets)}.")
        return self._targets[name]

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function of this name.

        Raises:
            UnknownJobError: if the name is not registered.
        """
        return _load(self.target(name))

    def submit(self, executor: Executor, name: str, payload: Json) -> Future[str]:
        """Call the function on an executor with a JSON object; `json.loads` reads its future's text.

        Raises:
            UnknownJobError: if the name is not registered.
        """
        return executor.submit(_call, self.target(name), json.dumps(payload, allow_nan=False))


def _load(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _call(target: str, payload: str) -> str:
    return json.dumps(_load(target)(json.loads(payload)), allow_nan=False)
