"""Action spaces: the generator, their JSON forms, commands for a car, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from manyhands.envs.racer import actions
from manyhands.envs.racer.actions import Choices, Ranges
from manyhands.envs.racer.car import PRESETS
from manyhands.errors import InputError

CAR = PRESETS["deepracer"]


def test_the_default_list_has_five_angles_at_two_speeds() -> None:
    space = actions.parse(actions.DEFAULT_GENERATOR)
    assert isinstance(space, Choices)
    assert space.actions[:3] == ((-30.0, 0.5), (-30.0, 1.0), (-15.0, 0.5))
    assert len(space.actions) == 10


@pytest.mark.parametrize(
    "space", [actions.generate(7, 25.0, 3, 4.0), Ranges((-20.0, 30.0), (0.5, 3.0))], ids=["list", "ranges"]
)
def test_the_plain_form_is_read_back(space: actions.ActionSpace) -> None:
    assert actions.parse(json.loads(json.dumps({"action_space": space.plain}))) == space


def test_numbers_may_be_text_as_in_their_files() -> None:
    given = [{"steering_angle": "-30", "speed": "0.5"}, {"steering_angle": "30", "speed": "1.2"}]
    assert actions.parse(given) == Choices(((-30.0, 0.5), (30.0, 1.2)))


def test_commands_say_what_the_car_is_told() -> None:
    space = Choices(((-30.0, 0.1), (0.0, 4.0), (12.5, 1.3)))
    found = actions.commands(space, CAR)
    assert np.allclose(found[:2], [[-1.0, -1.0], [0.0, 1.0]], atol=1e-4)
    told = actions.degrees_and_speeds(found, CAR)
    assert np.allclose(told, space.actions)


@pytest.mark.parametrize(
    ("plain", "field"),
    [
        ({**actions.DEFAULT_GENERATOR, "steering_granularity": 4}, "action_space.steering_granularity"),
        ({**actions.DEFAULT_GENERATOR, "max_speed": 5}, "action_space.max_speed"),
        ([{"steering_angle": 1.0, "speed": 1.0}], "actions"),
        ([{"steering_angle": 1.0}, {"steering_angle": 1.0}], "action_space[0]"),
        ([{"steering_angle": "left", "speed": 1}] * 2, "action_space[0].steering_angle"),
        (
            {"steering_angle": {"low": 5, "high": 5}, "speed": {"low": 1, "high": 2}},
            "action_space.steering_angle",
        ),
        ({"steering_angle": {"low": 5}, "speed": {"low": 1, "high": 2}}, "action_space.steering_angle"),
        ("fast", "action_space"),
    ],
)
def test_what_is_wrong_is_named(plain: object, field: str) -> None:
    with pytest.raises(InputError) as fault:
        actions.parse(plain)
    assert fault.value.field == field


def test_an_action_beyond_the_car_is_refused() -> None:
    with pytest.raises(InputError, match="beyond this car"):
        actions.commands(Choices(((0.0, 1.0), (45.0, 1.0))), CAR)
