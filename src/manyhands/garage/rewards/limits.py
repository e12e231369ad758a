"""What a stranger's reward function may use, and the faults it may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from manyhands.errors import InputError

MOST_CHARACTERS = 140_000
LARGEST_REWARD = 1e5


@dataclass(frozen=True)
class Limits:
    """Bounds of a jailed process.

    memory_bytes: beyond its libraries. cpu_s: processor time of its whole life, a last resort. start_s: to
    load its libraries. load_s: for the source itself, once for all cars. pause_s and call_s: it is ended
    after pause_s + calls * call_s without the rewards of the next car. grace_s: between asking and killing.
    jailed: INSECURE when false; only for systems that have no seccomp.
    """

    memory_bytes: int = 512 << 20
    cpu_s: int = 6 * 3600
    start_s: float = 30.0
    load_s: float = 10.0
    pause_s: float = 2.0
    call_s: float = 0.02
    grace_s: float = 0.5
    jailed: bool = True


DEFAULTS = Limits()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a source: its line, 0 where none is known, and a sentence.

    overtime: whether it is that a call took too long.
    """

    line: int
    message: str
    overtime: bool = False

    def sentence(self) -> str:
        """Line and message as one."""
        return f"Line {self.line}: {self.message}" if self.line else self.message


_DEFINITION = re.compile(r"^[ \t]*(?:def|class)[ \t]+reward_function\b|^reward_function[ \t]*=", re.MULTILINE)


def line_of_function(source: str) -> int:
    """Line at which the reward function begins, for faults that have no other; 0 where it is not found."""
    found = _DEFINITION.search(source)
    return source.count("\n", 0, found.start()) + 1 if found else 0


class RewardError(InputError):
    """A reward function failed.

    faults: all that is known. line, params: of the first one; params is what the function was called with.
    """

    code = "reward_function"
    default_remedy = "Correct the reward function; `manyhands reward check FILE` lists all of its faults."

    def __init__(self, faults: list[Fault], params: dict[str, Any] | None = None) -> None:
        super().__init__(" ".join(fault.sentence() for fault in faults), field="reward")
        self.faults = faults
        self.line = faults[0].line
        self.params = params
