"""The runner: state for each car, order, prints, errors with line and params, seeds, several processes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drives import EPISODE, drive
from manyhands.envs.racer import tracks
from manyhands.errors import RewardError
from manyhands.garage.params import Columns, Trace, columns
from manyhands.garage.rewards.limits import Limits
from manyhands.garage.rewards.runner import RewardRunner

ROAD = tracks.track("gen-1")
COUNTING = """
calls = 0
xs = []
def reward_function(params):
    global calls
    calls += 1
    xs.append(params['x'])
    return calls + (len(set(xs)) == len(xs)) * 0.5
"""
RESETS = """
n = 100
def reward_function(params):
    global n
    if params['steps'] == {}:
        n = 0
    n += 1
    return n
"""


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Five cars, 90 ticks: two whole episodes and a bit."""
    return drive(ROAD, 90, 5)


@pytest.fixture(scope="module")
def told(trace: Trace) -> Columns:
    """The same as params."""
    return columns(trace)


@pytest.mark.parametrize("processes", [1, 2, 9])
def test_each_car_has_a_module_and_its_calls_in_order(told: Columns, processes: int) -> None:
    with RewardRunner(COUNTING, 5, processes=processes) as runner:
        first, second = runner.reward(told), runner.reward(told)
    assert np.array_equal(first, np.tile(np.arange(1, 91)[:, None] + 0.5, (1, 5)))
    assert np.array_equal(second, np.tile(np.arange(91, 181)[:, None], (1, 5)))


@pytest.mark.parametrize("step", [1, 2])
def test_both_idioms_reset_at_the_first_call_of_an_episode(told: Columns, step: int) -> None:
    with RewardRunner(RESETS.format(step), 5) as runner:
        found = runner.reward(told)
    assert np.array_equal(found[:, 0], np.arange(90) % EPISODE + 1)


def test_rows_without_an_episode_are_no_calls(trace: Trace) -> None:
    alive = np.random.default_rng(0).random((90, 5)) < 0.6
    alive[:, 2] = False
    with RewardRunner(COUNTING, 5, processes=2) as runner:
        found = runner.reward(columns(replace(trace, alive=alive)))
        none = runner.reward(columns(replace(trace, alive=np.zeros_like(alive))))
    assert (found[~alive] == 0.0).all()
    assert np.array_equal(np.floor(found[alive]), np.cumsum(alive, axis=0)[alive])
    assert not none.any()


def test_an_error_carries_line_and_params(told: Columns) -> None:
    text = (
        "import math\ndef reward_function(params):\n    return math.sqrt(-1) if params['steps'] == 7 else 1\n"
    )
    with RewardRunner(text, 5) as runner, pytest.raises(RewardError, match="math domain error") as caught:
        runner.reward(told)
    assert caught.value.line == 3
    assert caught.value.params is not None
    assert caught.value.params["steps"] == 7
    assert caught.value.message == "Line 3: ValueError: math domain error"


@pytest.mark.parametrize(
    ("value", "words"),
    [("float('nan')", "not a number"), ("1e6", r"1e\+06"), ("-1e5 - 1", "-100001"), ("None", "no number")],
)
def test_what_is_no_number_in_range_is_told_at_the_function(told: Columns, value: str, words: str) -> None:
    text = f"\n\ndef reward_function(params):\n    return {value}\n"
    with RewardRunner(text, 5) as runner, pytest.raises(RewardError, match=words) as caught:
        runner.reward(told)
    assert caught.value.line == 3
    assert caught.value.params is not None


def test_the_ends_of_the_range_are_in_it(told: Columns) -> None:
    text = "def reward_function(params):\n    return 1e5 if params['is_left_of_center'] else -1e5\n"
    with RewardRunner(text, 5) as runner:
        assert set(np.abs(runner.reward(told)).ravel()) == {1e5}


def test_prints_are_kept_to_the_last_lines(told: Columns) -> None:
    with RewardRunner(
        "print('loaded')\ndef reward_function(params):\n    print('x')\n    return 1\n", 1
    ) as runner:
        assert runner.printed() == ["loaded"]
        runner.reward(replace(told, objects=told.objects[:1], alive=told.alive[:3, :1], values=_first(told)))
        assert runner.printed() == ["x"] * 3
        assert runner.printed() == []


def test_prints_are_kept_to_the_beginnings_of_their_lines() -> None:
    text = "print('x' * 500)\nprint('é' * 20_000)\ndef reward_function(params):\n    return 1\n"
    with RewardRunner(text, 1) as runner:
        assert runner.printed() == ["x" * 500, "é" * 499 + "…"]


def _first(told: Columns) -> dict[str, np.ndarray]:
    return {name: column[:3, :1] for name, column in told.values.items()}


def test_what_is_printed_and_raised_is_shown_without_control_characters(told: Columns) -> None:
    body = "print('\\x1b[2Ja\\tb')\n    raise ValueError('\\x1b[2J\\ntwo\\rthree')"
    with RewardRunner(f"def reward_function(params):\n    {body}\n", 5) as runner:
        with pytest.raises(RewardError) as caught:
            runner.reward(told)
        said = runner.printed()
    assert caught.value.message == "Line 3: ValueError:  [2J two three"
    assert said == [" [2Ja b"]


def test_a_seed_gives_the_same_draws(told: Columns) -> None:
    text = """
import random
import numpy as np
def reward_function(params):
    return random.random() + np.random.rand() + len({'a', 'b'}) + float(next(iter({'x': 1, 'y': 2}.values())))
"""
    found = []
    for seed in (1, 1, 2):
        with RewardRunner(text, 5, seed=seed) as runner:
            found.append(runner.reward(told))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_all_faults_of_reading_come_at_once() -> None:
    text = "async def reward_function(params):\n    return 1\n"
    with pytest.raises(RewardError, match="async") as caught:
        RewardRunner(text, 2)
    assert caught.value.line == 1
    assert caught.value.field == "reward"


def test_slow_but_steady_is_waited_for(told: Columns) -> None:
    text = "import time\ndef reward_function(params):\n    time.sleep(0.004)\n    return 1\n"
    with RewardRunner(text, 5, Limits(pause_s=0.3)) as runner:
        assert (runner.reward(told) == 1.0).all()


def test_what_a_call_takes_from_its_params_is_its_own(told: Columns) -> None:
    text = """
def reward_function(params):
    good = len(params) == 27 and len(params['waypoints']) > 100 and params['objects_location'] == []
    params['waypoints'].clear()
    params['objects_location'].append(1)
    params['closest_waypoints'][0] = 'x'
    params.popitem()
    return good
"""
    with RewardRunner(text, 5) as runner:
        assert (runner.reward(told) == 1.0).all()
