"""A reward function called on one params object after another, as JSON: faults do not end it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from manyhands.errors import Fault, InputError, RewardError
from manyhands.garage.rewards.jail import wire
from manyhands.garage.rewards.limits import Limits, line_of_function
from manyhands.garage.rewards.opening import opened
from manyhands.garage.rewards.process import SPOKE, BrokenError, JailedProcess
from manyhands.garage.rewards.runner import beyond

MOST_STATE_BYTES = 4_000_000


class Called(NamedTuple):
    """A reward, whether it was a float, and the seconds that it took by the jailed process's own clock."""

    reward: float
    as_float: bool
    took_s: float


def called(jail: JailedProcess, state: bytes, limits: Limits, first: bool = False) -> Called:
    """Call the function on one params object (JSON); `first`: it is an episode's first.

    Raises RewardError or BrokenError.
    """
    jail.order(wire.LINE, 0, int(first), state)
    found: Called | None = None
    fault: Fault | None = None
    for answer in jail.answers(limits.pause_s):
        if answer.kind == wire.FAULT:
            line, kind, words = answer.fault()
            fault = fault or Fault(line, words, kind == wire.OVERTIME)
        else:
            values = answer.values().tolist()
            if len(values) != 2:
                raise BrokenError(SPOKE)
            found = Called(values[0], bool(answer.first), min(max(0.0, values[1]), limits.pause_s))
    if fault is None and found is not None and not math.isfinite(found.reward):
        fault = Fault(0, beyond(found.reward))
    if fault is not None:
        raise RewardError.of([fault])
    if found is None:
        raise BrokenError("It gave no reward.")
    return found


class LineRunner:
    """One instance of a source that keeps its state from call to call.

    It gives what plain Python gives, also numbers that no training takes, so that anybody can compare.
    """

    def __init__(self, source: str, limits: Limits) -> None:
        """Start it. Raises RewardError with everything that is wrong with the source, or JailError."""
        self._source, self._limits = source, limits
        self._jail: JailedProcess = opened(source, [1], limits, 0)[0]

    def close(self) -> None:
        """End it."""
        self._jail.close()

    def call(self, state: str) -> float | dict[str, Any]:
        """The reward of one params object, or an object with `error`, `line` and `state`.

        state tells whether what the function stored is `kept`, or `lost` because it was started anew.
        """
        try:
            return called(self._jail, checked(state), self._limits).reward
        except RewardError as error:
            fault = error.faults[0]
            line = fault.line or line_of_function(self._source) or None
            return {"error": fault.message, "line": line, "state": "kept"}
        except InputError as error:
            return {"error": error.message, "line": None, "state": "kept"}
        except BrokenError as cause:
            self._jail.close()
            self._jail = opened(self._source, [1], self._limits, 0)[0]
            words = f"The reward function was stopped. {cause}"
            return {"error": words, "line": None, "state": "lost"}

    def printed(self) -> list[str]:
        """Lines printed since the last call of this."""
        return self._jail.printed()


def checked(state: str) -> bytes:
    """A params object as it goes into the jail. Raises InputError where it is no JSON object."""
    if len(state) > MOST_STATE_BYTES:
        raise InputError(
            f"The state has {len(state)} characters.", remedy=f"Send at most {MOST_STATE_BYTES}."
        )
    try:
        found = json.loads(state)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The state is no JSON: {error}.", remedy="Send one params object a line.") from None
    if not isinstance(found, dict):
        raise InputError("The state is no JSON object.", remedy="Send one params object a line.")
    return state.encode("utf-8", "replace")


def rewards(runner: LineRunner, states: Iterable[str]) -> Iterator[float | dict[str, Any]]:
    """An answer for each line that is not empty."""
    for state in states:
        if state.strip():
            yield runner.call(state)
