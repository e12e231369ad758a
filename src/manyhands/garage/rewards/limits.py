"""What a stranger's reward function may use."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CHARACTERS = 140_000
LARGEST_REWARD = 1e5


@dataclass(frozen=True)
class Limits:
    """Bounds of a jailed process.

    memory_bytes: beyond its libraries. cpu_s: processor time of its whole life, a last resort. start_s: to
    load its libraries. load_s: for the source itself, once for all cars. pause_s and call_s: it is ended
    after pause_s + calls * call_s without the rewards of the next car. check_s: for all calls of a check in
    one race, after which no other road is tried either. grace_s: between asking and killing.
    jailed: INSECURE when false; only for systems that have no seccomp.
    """

    memory_bytes: int = 512 << 20
    cpu_s: int = 6 * 3600
    start_s: float = 30.0
    load_s: float = 10.0
    pause_s: float = 2.0
    call_s: float = 0.02
    check_s: float = 10.0
    grace_s: float = 0.5
    jailed: bool = True


DEFAULTS = Limits()


_DEFINITION = re.compile(r"^[ \t]*(?:def|class)[ \t]+reward_function\b|^reward_function[ \t]*=", re.MULTILINE)


def line_of_function(source: str) -> int:
    """Line at which the reward function begins, for faults that have no other; 0 where it is not found."""
    found = _DEFINITION.search(source)
    return source.count("\n", 0, found.start()) + 1 if found else 0
