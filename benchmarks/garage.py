"""How soon a driver trained on a reward function laps, how many steps a second that takes, how fast it gets.

    python benchmarks/garage.py --track FILE.npy [--cases lidar camera …] [--seeds 3]

Every line is a fresh process; its seconds count from the start of the process, imports and compilation
included: cold with an empty cache of compiled programs, warm with that of the cold one. The reward is a
Python function called once a car and tick with a dict of params, in this process and without the jail.
`finishes` is the first policy whose greedy trials all complete their lap; laps are those of a race of three
with that training's best policy.
"""

import argparse
import json
import math
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """One training: sensor, hyperparameters, action space, reward, how long, in seconds."""

    sensor: str
    hyper: dict[str, Any]
    max_speed: float
    reward: str
    seconds: float
    until_finish: bool


TWO = 2.0
WIDE = {"num_episodes_between_training": 100, "batch_size": 512, "num_epochs": 3}
CASES = {
    "lidar": Case("lidar", {}, TWO, "centre", 60, True),
    "camera": Case("camera", {}, TWO, "centre", 120, True),
    "camera-160x120": Case("camera-160x120", {}, TWO, "centre", 600, True),
    "speed-lidar-default": Case("lidar", {}, TWO, "centre", 40, False),
    "speed-lidar-3-epochs": Case("lidar", {"num_epochs": 3}, TWO, "centre", 40, False),
    "speed-lidar-wide": Case("lidar", WIDE, TWO, "centre", 40, False),
    "speed-camera-3-epochs": Case("camera", {"num_epochs": 3}, TWO, "centre", 60, False),
    "speed-camera-default": Case("camera", {}, TWO, "centre", 60, False),
    "fast": Case("lidar", {}, 4.0, "progress", 300, False),
}


def centre(params: dict[str, Any]) -> float:
    """More for driving near the centre line."""
    away = params["distance_from_center"] / params["track_width"]
    if away <= 0.1:
        return 1.0
    if away <= 0.25:
        return 0.5
    if away <= 0.5:
        return 0.1
    return 1e-3


class Progress:
    """Percent of the lap made in a tick; has a memory, like many functions of its kind."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, params: dict[str, Any]) -> float:
        if params["steps"] <= 1:
            self.last = 0.0
        made = params["progress"] - self.last
        self.last = params["progress"]
        return float(made)


class InProcess:
    """Calls a Python function for every tick of every car, each car with its own instance."""

    def __init__(self, kind: str, cars: int) -> None:
        self._functions: list[Callable[[dict[str, Any]], float]] = [
            centre if kind == "centre" else Progress() for _ in range(cars)
        ]
        self.first_call_s = math.inf

    def reward(self, trace: Any) -> np.ndarray:
        self.first_call_s = min(self.first_call_s, time.monotonic())
        middle, width = trace.track.centre.astype(np.float64), trace.track.half_width
        x, y = trace.x + 0.14 * np.cos(trace.yaw), trace.y + 0.14 * np.sin(trace.yaw)
        gap = np.hypot(x[..., None] - middle[:, 0], y[..., None] - middle[:, 1])
        nearest = gap.argmin(-1)
        waypoints = [tuple(point) for point in middle.tolist()]
        named = {
            "x": x,
            "y": y,
            "heading": np.degrees(trace.yaw),
            "distance_from_center": gap.min(-1),
            "track_width": 2.0 * width[nearest],
            "closest_waypoint": nearest,
            "progress": trace.progress,
            "steps": trace.step,
            "speed": trace.speed,
            "steering_angle": trace.steering,
            "is_offtrack": trace.offtrack,
            "is_crashed": trace.crashed,
            "all_wheels_on_track": trace.wheels_on_track,
        }
        names = list(named)
        found = np.zeros(trace.alive.shape)
        for car, function in enumerate(self._functions):
            rows = np.flatnonzero(trace.alive[:, car])
            columns = [named[name][rows, car].tolist() for name in names]
            for row, values in zip(rows.tolist(), zip(*columns, strict=True), strict=True):
                params = dict(zip(names, values, strict=True))
                params["waypoints"] = list(waypoints)
                params["track_length"], params["is_reversed"] = trace.track.length_m, trace.reversed
                found[row, car] = function(params)
        return found


def measure(case: Case, track: str, seed: int, begun_s: float, cache: Path) -> dict[str, Any]:
    """Train one case in this process, which began at `begun_s` on the monotonic clock."""
    from manyhands import cli_training
    from manyhands.computing import remember_compilations
    from manyhands.envs.racer import actions, tracks
    from manyhands.garage import evaluation, hyperparameters, outputs, training
    from manyhands.garage.training import Iteration

    remember_compilations(cache)
    order = training.Order(
        track=tracks.named(track, None),
        space=actions.generate(5 if case.max_speed == TWO else 7, 30.0, 2, case.max_speed),
        sensor=cli_training.sensor_of(case.sensor),
        hyper=hyperparameters.parse(case.hyper),
        seed=seed,
    )
    runner = InProcess(case.reward, order.hyper.num_episodes_between_training)
    ends: dict[str, float] = {}

    def finishes(done: Iteration) -> bool:
        return len(done.trial_laps_ms) == order.trials

    def tell(done: Iteration) -> None:
        if finishes(done):
            ends.setdefault("finishes_s", time.monotonic() - begun_s)

    def goes_on(_history: list[Iteration], _seconds: float) -> bool:
        if case.until_finish and ends:
            return False
        return time.monotonic() - begun_s < case.seconds

    run = training.train(order, runner.reward, goes_on, tell)
    first = next((done for done in run.history if finishes(done)), None)
    late = run.history[len(run.history) // 2 : -1]
    race = evaluation.race(outputs.policy_of(run), order.track)
    again = evaluation.race(outputs.policy_of(run), order.track)
    return {
        "first_step_s": runner.first_call_s - begun_s,
        "finishes_s": ends.get("finishes_s"),
        "episodes": None if first is None else first.number * first.episodes,
        "steps": sum(done.steps for done in run.history[: first.number if first else None]),
        "steps_per_s": sum(done.steps for done in late[1:]) / max(1e-9, late[-1].seconds - late[0].seconds)
        if len(late) > 2
        else None,
        "best_lap_s": None if race.best_ms is None else race.best_ms / 1000,
        "average_of_3_s": None if race.average_ms is None else race.average_ms / 1000,
        "same_again": race == again,
    }


def start(name: str, options: argparse.Namespace, seed: int, cache: str) -> dict[str, Any]:
    """Figures of a case in a fresh process."""
    own = ["--track", str(Path(options.track).resolve()), "--cases", name, "--seed", str(seed)]
    own += ["--begun-s", repr(time.monotonic()), "--cache", cache]
    done = subprocess.run([sys.executable, __file__, *own], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--track", required=True, help="an .npy file, or the id of a track")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each case")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--begun-s", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.begun_s is not None:
        case = CASES[options.cases[0]]
        print(json.dumps(measure(case, options.track, options.seed, options.begun_s, options.cache)))
        return
    print(f"{platform.machine()}, {date.today()}, {options.track}")
    columns = ("finishes_s", "episodes", "steps", "steps_per_s", "best_lap_s", "average_of_3_s")
    print(f"{'case':22s} {'start':6s} {'first_step_s':>14s}" + "".join(f"{name:>16s}" for name in columns))
    for name in options.cases:
        for seed in range(options.seed, options.seed + options.seeds):
            with tempfile.TemporaryDirectory() as cache:
                for state in ("cold", "warm"):
                    if state == "warm" and not CASES[name].until_finish:
                        continue
                    found = start(name, options, seed, cache)
                    assert found["same_again"], "two races of one policy differ"
                    cells = [found["first_step_s"]] + [found[column] for column in columns]
                    said = ["-" if cell is None else f"{cell:,.1f}" for cell in cells]
                    said[-2:] = ["-" if cell is None else f"{cell:.3f}" for cell in cells[-2:]]
                    print(
                        f"{name:22s} {state:6s} {said[0]:>14s}" + "".join(f"{c:>16s}" for c in said[1:]),
                        flush=True,
                    )


if __name__ == "__main__":
    main()
