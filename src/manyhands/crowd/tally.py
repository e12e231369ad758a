"""What a crowd counts while it plays, and the summaries it makes of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from manyhands.types import Json


@dataclass
class Tally:
    """Counts of one crowd; times in seconds by what they measure.

    busy: answers that asked to come again later, by status, and `unreachable`; errors: other refusals by
    their code; acknowledged: ids of the attempts that the server said it had stored; roles: kind by player
    id.
    """

    requests: int = 0
    busy: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    playing: int = 0
    times_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Stopwatch:
    """Pairs a beginning with an end, whichever is noticed first, and appends the seconds between them."""

    def __init__(self, times_s: list[float]) -> None:
        self._times_s = times_s
        self._begun: dict[str, float] = {}
        self._ended: dict[str, float] = {}

    def begin(self, key: str, at_s: float) -> None:
        """Note when something began, by a monotonic clock."""
        self._note(key, at_s, self._begun)

    def end(self, key: str, at_s: float) -> None:
        """Note when it ended."""
        self._note(key, at_s, self._ended)

    def _note(self, key: str, at_s: float, moments: dict[str, float]) -> None:
        moments[key] = at_s
        if key in self._begun and key in self._ended:
            self._times_s.append(self._ended.pop(key) - self._begun.pop(key))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summary(values: Sequence[float]) -> Json:
    """Count and percentiles of times, in seconds; null where there were none."""
    figures: Json = {"count": len(values)}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        figures[name] = round(percentile(values, share), 4) if values else None
    return figures
