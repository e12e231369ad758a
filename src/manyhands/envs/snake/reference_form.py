"""Observations in the form of a public web experiment with Snake, which many recorded games exist in.

That form is a list of `{"state": [13], "action": "left" | "right" | "straight" | "none", "nextState": [13],
"reward": -1 | 0 | 1}`. Its page named turns the wrong way round, took the state after the press, and saw no
walls. What can be put right is put right; what cannot is said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.snake import sight
from manyhands.envs.snake.replay import Transitions
from manyhands.errors import InputError

MOST_BYTES = 16_000_000
_TURNED = {"left": 1, "right": -1, "straight": 0}  # as the snake really turned
_NEWER = "Export it anew with the experiment's latest version, whose states have 13 numbers."
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Imported:
    """Observations that can be learned from, and sentences on what was corrected or left out."""

    seen: F32  # (N, 13)
    turn: NDArray[np.int8]  # (N,)
    reward: NDArray[np.int8]  # (N,)
    after: F32  # (N, 13)
    report: list[str]

    def transitions(self) -> Transitions:
        """The observations as moves of one game; the window's part of what is seen is 0."""
        return transitions(self.seen, self.turn, self.reward, self.after)


def transitions(seen: F32, turn: NDArray[np.int8], reward: NDArray[np.int8], after: F32) -> Transitions:
    """Moves of which only the 13 features are known, (N, 13), (N,), (N,), (N, 13)."""
    blind = np.zeros((len(turn), sight.WINDOW), np.float32)
    return Transitions(
        np.concatenate([seen, blind], axis=1),
        turn,
        reward > 0,
        reward < 0,
        np.concatenate([after, blind], axis=1),
        np.zeros(len(turn), np.int32),
    )


def parse(data: bytes | str) -> Imported:
    """Read a file's content.

    Raises:
        InputError: naming the first observation that is not of this form.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"The file is larger than {MOST_BYTES // 10**6} MB.", field="file")
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise InputError(f"The file is no JSON: {fault}.", field="file") from None
    if not isinstance(rows, list) or not rows:
        raise InputError(
            "The file holds no list of observations.",
            field="file",
            remedy='Give [{"state": …, "action": …}, …].',
        )
    kept = [_observation(number, row) for number, row in enumerate(rows, 1)]
    found = [one for one in kept if one is not None]
    if not found:
        raise InputError(
            'All observations have the action "none".', field="file", remedy="Play a game first."
        )
    seen, turn, reward, after = zip(*found, strict=True)
    turns = sum(one != 0 for one in turn)
    report = [
        f"{len(found)} of {len(rows)} observations are taken.",
        f'{len(rows) - len(found)} were refused: their action is "none".',
        f"{turns} turns were recorded the wrong way round and are exchanged.",
        f"{turns} states were taken after the press; heading and dangers are turned back, and the danger on "
        "the side away from the turn, which was not recorded, counts as none.",
        "Dangers name the body only: walls were not recorded and cannot be restored.",
    ]
    return Imported(
        np.array(seen, np.float32),
        np.array(turn, np.int8),
        np.array(reward, np.int8),
        np.array(after, np.float32),
        report,
    )


def _observation(number: int, row: Any) -> tuple[list[float], int, int, list[float]] | None:
    """State, turn, reward and next state of a row, None for one without an action."""
    if not isinstance(row, dict):
        raise _wrong(number, "is no object")
    action, reward = row.get("action"), row.get("reward")
    if action == "none":
        return None
    if action not in _TURNED:
        raise _wrong(number, f"has the action {action!r}")
    if isinstance(reward, bool) or reward not in (-1, 0, 1):
        raise _wrong(number, f"has the reward {reward!r}")
    turn = _TURNED[action]
    return (
        _turned_back(_numbers(number, row, "state"), turn),
        turn,
        int(reward),
        _numbers(number, row, "nextState"),
    )


def _numbers(number: int, row: dict[str, Any], name: str) -> list[float]:
    values = row.get(name)
    if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
        raise _wrong(number, f"has no list of numbers as {name}")
    if len(values) == sight.FEATURES - 2:
        raise _wrong(number, f"has a {name} of 11 numbers, without angle and distance", _NEWER)
    if len(values) != sight.FEATURES or not np.isfinite(values).all() or max(map(abs, values)) > 2.0:
        raise _wrong(number, f"has a {name} that is not 13 numbers from -2 to 2")
    if any(value not in (0, 1) for value in values[:11]) or sum(values[3:7]) != 1:
        raise _wrong(number, f"has a {name} whose first 11 numbers are not flags with one heading")
    return [float(value) for value in values]


def _turned_back(state: list[float], turn: int) -> list[float]:
    """The state before the press, from one with the heading after it."""
    if turn == 0:
        return state
    straight, right, left = state[:3]
    heading = sight.HEADINGS[state[3:7].index(1.0)]
    before = (heading - turn) % 4
    # What lies ahead after a turn lay on that side before it; what lay ahead is now on the other side.
    dangers = [left, straight, 0.0] if turn == 1 else [right, 0.0, straight]
    return [*dangers, *(float(before == one) for one in sight.HEADINGS), *state[7:]]


def _wrong(number: int, fault: str, remedy: str = "Give the file as it was exported.") -> InputError:
    return InputError(f"Observation {number} {fault}.", field="file", remedy=remedy)
