"""Functions in every style give the numbers that plain CPython gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from styles_libraries import SOURCES as WITH_LIBRARIES
from styles_plain import SOURCES as PLAIN

from drives import drive
from manyhands.envs.racer import tracks
from manyhands.garage.params import Columns, columns
from manyhands.garage.rewards.limits import Limits
from manyhands.garage.rewards.lines import LineRunner
from manyhands.garage.rewards.runner import RewardRunner

SOURCES = PLAIN | WITH_LIBRARIES
CARS, TICKS = 3, 90
EARLY = ("the signature of 2018", "the signature with self")
# They draw from the generator that all cars of a process share.
SHARED_DRAWS = ("random with a seed",)

# A module for each car, its calls in order; params as the simulator makes them, points being tuples.
REFERENCE = """
import json, math, sys, types
source, cars, early = json.loads(sys.stdin.readline())
sys.stdout, out = sys.stderr, sys.stdout
code = compile(source, 'reward_function.py', 'exec')
made = []
for car in range(cars):
    module = types.ModuleType(f'reward_{car}')
    sys.modules[module.__name__] = module
    exec(code, module.__dict__)
    made.append(module.reward_function)
names = ('on_track x y distance_from_center car_orientation progress steps throttle steering '
         'track_width waypoints closest_waypoint').split()
for line in sys.stdin:
    car, p = json.loads(line)
    p['waypoints'] = [tuple(w) for w in p['waypoints']]
    if early:
        p |= {'on_track': p['distance_from_center'] <= p['track_width'] / 2,
              'car_orientation': math.radians(p['heading']), 'throttle': p['speed'],
              'steering': math.radians(p['steering_angle']), 'closest_waypoint': p['closest_waypoints'][0]}
        given = [p[n] for n in names]
        value = made[car](*([types.SimpleNamespace()] if 'self' in early else []), *given)
    else:
        value = made[car](p)
    out.write(json.dumps(float(value)) + chr(10))
"""


def told(boxes: int = 0) -> Columns:
    """A drive of CARS cars over TICKS ticks; steps count from 3, so that they are plain numbers."""
    trace = drive(tracks.track("gen-1"), TICKS, CARS, boxes=boxes)
    return columns(replace(trace, step=trace.step + 1))


def reference(name: str, states: list[tuple[int, dict[str, Any]]], cars: int, folder: Path) -> list[float]:
    """Rewards of plain CPython in a fresh interpreter, which works in a folder."""
    early = ("self" if "self" in name else "plain") if name in EARLY else ""
    lines = [json.dumps([SOURCES[name], cars, early]), *map(json.dumps, states)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REFERENCE],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "TZ": "UTC0"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [float(line) for line in done.stdout.split()]


def test_there_are_enough_styles() -> None:
    assert len(SOURCES) >= 60


@pytest.mark.parametrize("name", SOURCES)
def test_state_after_state(name: str, tmp_path: Path) -> None:
    drives = told(3 if "objects" in name else 0)
    states = [drives.params(tick, car) for car in range(CARS) for tick in range(TICKS)]
    for number, state in enumerate(states):  # as the documentation counts: from 1 in each episode
        state["steps"] = number % 40 + 1
    runner = LineRunner(SOURCES[name], Limits())
    try:
        found = [runner.call(json.dumps(state)) for state in states]
    finally:
        runner.close()
    assert found == reference(name, [(0, state) for state in states], 1, tmp_path)


def test_the_same_machine_code_does_the_arithmetic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A kernel without fused multiply-add, which rounds otherwise than the processor's own."""
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Sandybridge")
    test_state_after_state("numpy matrices", tmp_path)


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in SHARED_DRAWS])
def test_many_cars_at_once(name: str, tmp_path: Path) -> None:
    drives = told(3 if "objects" in name else 0)
    with RewardRunner(SOURCES[name], CARS, processes=2) as runner:
        found = runner.reward(drives)
    states = [(car, drives.params(tick, car)) for car in range(CARS) for tick in range(TICKS)]
    wanted = np.array(reference(name, states, CARS, tmp_path)).reshape(CARS, TICKS).T
    assert np.array_equal(found, wanted)
