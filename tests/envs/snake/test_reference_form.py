from __future__ import annotations

import json
from typing import Any

import pytest

from manyhands.envs.snake import reference_form
from manyhands.errors import InputError

# Heading up after a press of "up" while heading right: a left turn, which that page called "right". The neck
# lies to the left of the new heading.
TURN: dict[str, Any] = {
    "state": [False, False, True, False, False, True, False, False, True, True, False, -0.125, 0.25],
    "action": "right",
    "reward": 0,
    "nextState": [0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, -0.125, 0.2],
}
STRAIGHT: dict[str, Any] = {
    "state": [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0.0, 0.5],
    "action": "straight",
    "reward": -1,
    "nextState": [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0.0, 0.5],
}


def parsed(*rows: Any) -> reference_form.Imported:
    return reference_form.parse(json.dumps(rows))


def test_turns_are_exchanged_and_states_turned_back() -> None:
    found = parsed(TURN, STRAIGHT, {"action": "none"})
    assert found.turn.tolist() == [-1, 0]
    assert found.reward.tolist() == [0, -1]
    # Heading right again; the neck, then to the left, is behind and no danger.
    assert found.seen[0, :7].tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert found.seen[0, 7:].tolist() == pytest.approx([float(value) for value in TURN["state"][7:]])
    assert found.seen[1].tolist() == pytest.approx(STRAIGHT["state"])
    assert found.after[0].tolist() == pytest.approx(TURN["nextState"])
    assert found.report[0] == "2 of 3 observations are taken."
    moves = found.transitions()
    assert moves.seen.shape == (2, 256)
    assert moves.died.tolist() == [False, True]


def test_what_lay_ahead_before_a_turn_stays_a_danger() -> None:
    # After a right turn (called "left") what was ahead lies to the left.
    state = [False, False, True, False, False, False, True, *TURN["state"][7:]]
    found = parsed(TURN | {"state": state, "action": "left"})
    assert found.turn.tolist() == [1]
    assert found.seen[0, :3].tolist() == [1, 0, 0]
    assert found.seen[0, 3:7].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("{}", "no list"),
        ("[]", "no list"),
        ("[3]", "Observation 1 is no object"),
        (json.dumps([STRAIGHT, TURN | {"action": "up"}]), "Observation 2 has the action 'up'"),
        (json.dumps([TURN | {"reward": 10}]), "has the reward 10"),
        (json.dumps([TURN | {"reward": True}]), "has the reward True"),
        (json.dumps([TURN | {"state": TURN["state"][:11]}]), "without angle and distance"),
        (json.dumps([TURN | {"state": [0.5] * 13}]), "flags"),
        (json.dumps([TURN | {"nextState": "no"}]), "nextState"),
        (json.dumps([TURN | {"nextState": [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1e300, 0]}]), "from -2 to 2"),
        (json.dumps([{"action": "none"}]), "none"),
    ],
)
def test_other_files_are_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        reference_form.parse(text)
    assert caught.value.field == "file"
