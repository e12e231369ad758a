"""A reward function called on one params object after another, as JSON: faults do not end it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from manyhands.errors import InputError
from manyhands.garage.rewards.jail import wire
from manyhands.garage.rewards.limits import LARGEST_REWARD, Fault, Limits, RewardError
from manyhands.garage.rewards.opening import opened
from manyhands.garage.rewards.process import BrokenError, JailedProcess
from manyhands.garage.rewards.runner import beyond

MOST_STATE_BYTES = 4_000_000


def called(jail: JailedProcess, state: bytes, limits: Limits, car: int = 0) -> tuple[float, bool]:
    """The reward of one params object (JSON), and whether it was a float. Raises RewardError or BrokenError."""
    jail.order(wire.LINE, car, 0, state)
    found: tuple[float, bool] | None = None
    fault: Fault | None = None
    for answer in jail.answers(limits.pause_s):
        if answer.kind == wire.FAULT:
            line, _, words = answer.fault()
            fault = fault or Fault(line, words)
        elif answer.second == 1:
            found = float(np.frombuffer(answer.body, "<f8")[0]), bool(answer.first)
    if fault is None and found is not None and not abs(found[0]) <= LARGEST_REWARD:
        fault = Fault(0, beyond(found[0]))
    if fault is not None:
        raise RewardError([fault])
    if found is None:
        raise BrokenError("It gave no reward.")
    return found


class LineRunner:
    """One instance of a source that keeps its state from call to call."""

    def __init__(self, source: str, limits: Limits) -> None:
        """Start it. Raises RewardError with everything that is wrong with the source, or JailError."""
        self._source, self._limits = source, limits
        self._jail: JailedProcess = opened(source, [1], limits, 0)[0]

    def close(self) -> None:
        """End it."""
        self._jail.close()

    def call(self, state: str) -> float | dict[str, Any]:
        """The reward of one params object, or an object with `error`, `line` and `state`.

        state tells whether what the function had stored is `kept`, or `lost` because it had to be started anew.
        """
        try:
            value, _ = called(self._jail, checked(state), self._limits)
            return value
        except RewardError as error:
            fault = error.faults[0]
            return {"error": fault.message, "line": fault.line or None, "state": "kept"}
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
        raise InputError(f"The state has {len(state)} characters.", remedy=f"Send at most {MOST_STATE_BYTES}.")
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
