"""Kinds of jobs and what does them in this process; what travels is the kind and JSON, never code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from manyhands.errors import UnknownJobError


@dataclass(frozen=True)
class Duties:
    """Functions by kind; they may share an object's memory, such as a worker's caches."""

    functions: Mapping[str, Callable[..., Any]]

    def __iter__(self) -> Iterator[str]:
        """Yield the kinds in the order they were given."""
        return iter(self.functions)

    def function(self, kind: str) -> Callable[..., Any]:
        """Return the function of this kind.

        Raises:
            UnknownJobError: if there is none.
        """
        if kind not in self.functions:
            raise UnknownJobError(f"No job is called {kind!r}; known are {sorted(self.functions)}.")
        return self.functions[kind]
