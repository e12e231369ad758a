"""Checking: all faults at once with their lines, and what DeepRacer's validator would refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from manyhands.envs.racer import tracks
from manyhands.errors import Fault, RewardError
from manyhands.garage.rewards import check as checking
from manyhands.garage.rewards.check import Report, check
from manyhands.garage.rewards.limits import DEFAULTS
from manyhands.garage.rewards.lines import Called

GOOD = "def reward_function(params):\n    return float(params['speed'])\n"


def faults(report: Report) -> list[tuple[int, str]]:
    """Lines and messages."""
    return [(one.fault.line, one.fault.message) for one in report.faults]


def test_a_good_function_has_none() -> None:
    report = check(GOOD)
    assert report.as_json() | {"call_us": 0} == {
        "ok": True,
        "time_trial": True,
        "objects": True,
        "faults": [],
        "warnings": [],
        "call_us": 0,
        "printed": [],
    }
    assert report.call_s is not None
    assert report.call_s > 0.0


def test_all_faults_of_running_come_at_once() -> None:
    report = check(
        """
def reward_function(params):
    if params['is_reversed']:
        return None
    if params['progress'] > 99.9:
        return float('nan')
    if params['objects_location']:
        return undefined
    if params['is_offtrack']:
        return 1e6
    if params['steps'] > 2:
        return params['closest'][0]
    return 1.0
""",
        backwards=True,
    )
    assert [line for line, _ in faults(report)] == [2, 2, 2, 8, 12]
    words = " ".join(message for _, message in faults(report))
    for part in ("not a number", "1e+06", "NoneType", "undefined", "KeyError: 'closest'"):
        assert part in words
    only_objects = next(one for one in report.faults if one.fault.line == 8)
    assert only_objects.races == ("objects",)
    assert "middle of the lap" in only_objects.states
    assert not report.good_for("time_trial")


BACKWARDS_ONLY = """
def reward_function(params):
    if params['is_reversed']:
        return params['nowhere']
    return 1.0
"""


def test_what_fails_only_against_the_direction_is_no_fault_of_a_drive_along_it() -> None:
    report = check(BACKWARDS_ONLY)
    assert report.good
    assert report.faults == []
    [warning] = report.warnings
    assert (warning.line, warning.message) == (
        4,
        "Against the direction of a track it fails: KeyError: 'nowhere'",
    )
    assert not check(BACKWARDS_ONLY, backwards=True).good


def test_steps_are_as_many_as_a_drive_takes() -> None:
    """Progress for each step to the third power is a real drive's, not that of a lap in eight steps."""
    report = check(
        "def reward_function(params):\n    return (10 * params['progress'] / params['steps']) ** 3\n"
    )
    assert report.good
    assert report.faults == []


def test_what_fails_with_objects_alone_is_good_for_a_time_trial() -> None:
    report = check(GOOD.replace("return", "assert not params['objects_location'], 'boxes'\n    return"))
    assert faults(report) == [(2, "AssertionError: boxes")]
    assert report.good_for("time_trial")
    assert not report.good_for("objects")


def test_what_needs_objects_fails_in_a_time_trial() -> None:
    where = "params['objects_location'][params['closest_objects'][1]][0]"
    text = f"def reward_function(params):\n    return {where}\n"
    report = check(text)
    assert faults(report) == [(2, "IndexError: list index out of range")]
    assert report.good_for("objects")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def reward_function(params)\n    return 1.0\n", 1, "SyntaxError"),
        ("x = 1\ndef reward_function(params):\nreturn 1.0\n", 3, "IndentationError"),
        ("def reward(params):\n    return 1.0\n", 0, "There is no function"),
        ("\ndef reward_function():\n    return 1.0\n", 2, "takes 0 parameters"),
        ("def reward_function(a, b):\n    return 1.0\n", 1, "takes 2 parameters"),
        ("def reward_function(params, *, more):\n    return 1.0\n", 1, "parameters"),
        ("reward_function = 3\n", 0, "There is no function"),
        ("import jax\n" + GOOD, 1, "No module named 'jax'"),
        ("x = 1 / 0\n" + GOOD, 1, "ZeroDivisionError"),
        ("", 0, "There is no function"),
        ("#" * 140_001, 0, "140001 characters"),
    ],
)
def test_a_source_that_cannot_be_used(text: str, line: int, words: str) -> None:
    report = check(text)
    assert len(report.faults) == 1
    assert report.faults[0].fault.line == line
    assert words in report.faults[0].fault.message
    assert not report.good_for("time_trial")
    assert not report.good_for("objects")


def test_a_slow_function_is_a_fault() -> None:
    text = "import time\n" + GOOD.replace("return", "time.sleep(0.003)\n    return")
    report = check(text, replace(DEFAULTS, call_s=0.001))
    assert len(report.faults) == 1
    assert "A call takes more than 1 ms" in report.faults[0].fault.message


class Calls:
    """Calls that each take so many seconds by a clock of their own, in place of a function's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, takes_s: Callable[[int], float]) -> None:
        self.count, self.now_s, self.fails = 0, 0.0, False
        self._takes_s = takes_s
        monkeypatch.setattr(checking, "called", self)
        monkeypatch.setattr(checking, "clock", lambda: self.now_s)

    def __call__(self, *_: object) -> Called:
        self.count += 1
        self.now_s += self._takes_s(self.count)
        if self.fails:
            raise RewardError.of([Fault(2, "ValueError")])
        return Called(1.0, True, self._takes_s(self.count))


def test_a_slow_function_is_called_a_few_times_on_one_road(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, lambda _: 1.5)
    report = check(GOOD)
    assert faults(report) == [(1, "A call takes more than 20 ms.")]
    assert report.faults[0].races == ("time_trial", "objects")
    assert calls.count == 2 * 4


def test_a_slow_function_that_fails_is_tried_on_few_roads(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, lambda _: 1.5)
    calls.fails = True
    assert faults(check(GOOD)) == [(2, "ValueError")]
    assert calls.count == 2 * 4


def test_a_function_that_is_slow_at_times_is_stopped_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, lambda number: 1.9 if number % 2 else 0.0)
    report = check(GOOD)
    assert faults(report) == [(1, "Its calls took more than 10 s together.")]
    assert calls.count == 11 + 12


def test_a_function_that_is_slow_at_first_steps_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, lambda number: 1.6 if number % 12 in (1, 9, 11) else 0.001)
    assert check(GOOD).faults == []
    assert calls.count == 2 * 2 * 12


def test_a_function_without_end_is_a_fault_with_its_line() -> None:
    limits = replace(DEFAULTS, pause_s=0.5)
    loop = GOOD.replace("return", "while True: pass\n    return")
    assert faults(check(loop, limits)) == [(2, "It took too long.")]
    deaf = "def reward_function(params):\n    return max(range(1 << 60))\n"
    found = faults(check(deaf, limits))
    assert [line for line, _ in found] == [1]
    assert "did not end" in found[0][1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import json\n" + GOOD, "import json"),
        (GOOD.replace("return", "import math\n    return"), "below the top"),
        ("# uploaded\n" + GOOD, "'load'"),
        (GOOD.replace("return", "eval('1')\n    return"), "eval()"),
        ("def reward_function(params):\n    return 1\n", "wants a float"),
        (
            "def reward_function(a, x, y, distance_from_center, b, c, d, e, f, g, h, i): pass\n",
            "one parameter",
        ),
        ("try:\n    import torch\nexcept ImportError:\n    pass\n" + GOOD, "no module torch"),
    ],
)
def test_warnings_name_what_their_validator_refuses(text: str, words: str) -> None:
    assert words in " ".join(one.message for one in check(text).warnings)


@pytest.mark.parametrize(
    "text",
    [
        "SPEEDS = [1.0] * 119\n"
        "def reward_function(params):\n    return SPEEDS[params['closest_waypoints'][1]]\n",
        "SPEEDS = {n: 1.0 for n in range(71)}\n"
        "def reward_function(params):\n    return SPEEDS[params['closest_waypoints'][0]]\n",
        "def reward_function(params):\n    return params['waypoints'][400][0]\n",
    ],
)
def test_a_function_for_a_track_of_its_own_is_good_with_a_warning(text: str) -> None:
    report = check(text)
    assert report.as_json()["ok"]
    assert report.good_for("time_trial")
    assert not report.faults
    assert "other numbers of waypoints" in report.warnings[0].message
    assert report.warnings[0].line == text.count("\n")


def test_on_the_track_that_is_trained_on_it_fails() -> None:
    text = "def reward_function(params):\n    return params['waypoints'][400][0]\n"
    report = check(text, track=tracks.track("gen-1"))
    assert faults(report) == [(2, "IndexError: list index out of range")]
    assert not report.as_json()["ok"]


def test_what_is_good_for_one_race_may_be_trained_with() -> None:
    report = check(GOOD.replace("return", "params['objects_speed'][0]\n    return")).as_json()
    assert (report["ok"], report["time_trial"], report["objects"]) == (True, False, True)
    assert report["faults"][0]["races"] == ["time_trial"]


def test_progress_is_above_0_at_the_first_step() -> None:
    assert check(GOOD.replace("speed']", "steps'] / params['progress']")).as_json()["ok"]


def test_progress_falls_in_no_episode_and_ends_at_100() -> None:
    text = """
last, most = 0.0, 0.0
def reward_function(params):
    global last, most
    gain = params['progress'] - last if params['steps'] > 2 else params['progress']
    last, most = params['progress'], max(most, params['progress'])
    print(most)
    return gain ** 0.5
"""
    report = check(text)
    assert not report.faults
    assert report.printed[-1] == "100.0"


@pytest.mark.parametrize("step", [1, 2])
def test_functions_that_begin_at_their_first_step_are_good(step: int) -> None:
    text = f"""
def reward_function(params):
    global last
    if params['steps'] == {step}:
        last = 0.0
    gain = params['progress'] - last
    last = params['progress']
    return gain
"""
    assert check(text).as_json()["ok"]


def test_prints_come_with_the_report() -> None:
    report = check(GOOD.replace("return", "print('seen', params['steps'])\n    return"))
    assert "seen 2" in report.printed
    assert json.dumps(report.as_json())


@pytest.mark.parametrize("count", [257, 119, 71, 513])
def test_the_states_lie_on_their_road_whatever_its_waypoints(count: int) -> None:
    text = f"""
ONLY = {{{count}: 1.0}}
def reward_function(params):
    here = params['waypoints'][params['closest_waypoints'][0]]
    assert (here[0] - params['x']) ** 2 + (here[1] - params['y']) ** 2 < 1.5
    beside = params['distance_from_center'] / params['track_width']
    assert (beside > 0.5) == params['is_offtrack'] and beside < 1.0
    return ONLY[len(params['waypoints'])]
"""
    report = check(text)
    assert report.good_for("time_trial"), report.faults
    assert report.good_for("objects"), report.faults
