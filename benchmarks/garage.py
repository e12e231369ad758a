"""How soon a driver trained on a reward function laps, how many steps a second that takes, how fast it gets.

    python benchmarks/garage.py [--track FILE.npy] [--cases lidar camera …] [--seeds 3]

Every line is a fresh process; its seconds count from the start of the process, imports and compilation
included: cold with an empty cache of compiled programs, warm with that of the cold one. `again` is a training
in a process that has trained before, as a server's has: its seconds count from its order, and the reward
function, another one, is checked meanwhile as a server does. The reward is a
Python function that is called in the jail for each car and tick. cpu_s are seconds of processor time of this
process until the first tick is judged, which other programs do not lengthen much. `finishes` is the first
policy whose greedy trials all complete their lap; laps are those of a race of three with that training's
best policy.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
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


COLUMNS = {  # with digits after the point
    "first_step_s": 1,
    "cpu_s": 1,
    "finishes_s": 1,
    "episodes": 0,
    "steps": 0,
    "steps_per_s": 0,
    "best_lap_s": 3,
    "average_of_3_s": 3,
}
REWARDS = {
    "centre": """
def reward_function(params):
    away = params["distance_from_center"] / params["track_width"]
    if away <= 0.1:
        return 1.0
    if away <= 0.25:
        return 0.5
    if away <= 0.5:
        return 0.1
    return 1e-3
""",
    "progress": """
last = 0.0

def reward_function(params):
    global last
    if params["steps"] <= 2:
        last = 0.0
    made, last = params["progress"] - last, params["progress"]
    return float(made)
""",
}


def measure(case: Case, track: str, seed: int, begun_s: float, before_s: float = 0.0) -> dict[str, Any]:
    """Train one case in this process; its seconds count from `begun_s` on the monotonic clock.

    before_s: processor time of the process until then.
    """
    from manyhands.envs.racer import actions, tracks
    from manyhands.garage import hyperparameters, orders, training
    from manyhands.garage.params import Trace, columns
    from manyhands.garage.rewards.check import check
    from manyhands.garage.rewards.runner import RewardRunner
    from manyhands.garage.training import Iteration

    order = training.Order(
        track=tracks.named(track, None),
        space=actions.generate(5 if case.max_speed == TWO else 7, 30.0, 2, case.max_speed),
        sensor=orders.sensor_of(case.sensor),
        hyper=hyperparameters.parse(case.hyper),
        seed=seed,
    )
    ends: dict[str, float] = {}

    def tell(done: Iteration) -> None:
        if len(done.trial_laps_ms) == order.trials:
            ends.setdefault("finishes_s", time.monotonic() - begun_s)

    def goes_on(_history: list[Iteration], _seconds: float) -> bool:
        if case.until_finish and "finishes_s" in ends:
            return False
        return time.monotonic() - begun_s < case.seconds

    source = f"{REWARDS[case.reward]}# {seed}\n"
    with (
        ThreadPoolExecutor(1) as aside,
        RewardRunner(source, order.hyper.num_episodes_between_training) as runner,
    ):
        trial = aside.submit(check, source, track=order.track)

        def reward(trace: Trace) -> np.ndarray:
            trial.result().approve("time_trial")
            ends.setdefault("first_step_s", time.monotonic() - begun_s)
            ends.setdefault("cpu_s", time.process_time() - before_s)
            return runner.reward(columns(trace))

        run = training.train(order, reward, goes_on, tell)
    return ends | figures(run)


def figures(run: Any) -> dict[str, Any]:
    """What came of a training."""
    from manyhands.garage import evaluation, outputs

    track = run.order.track
    first = next((done for done in run.history if len(done.trial_laps_ms) == run.order.trials), None)
    late = run.history[len(run.history) // 2 : -1]
    race = evaluation.race(outputs.policy_of(run), track)
    again = evaluation.race(outputs.policy_of(run), track)
    return {
        "episodes": None if first is None else first.number * first.episodes,
        "steps": sum(done.steps for done in run.history[: first.number if first else None]),
        "steps_per_s": sum(done.steps for done in late[1:]) / max(1e-9, late[-1].seconds - late[0].seconds)
        if len(late) > 2
        else None,
        "best_lap_s": None if race.best_ms is None else race.best_ms / 1000,
        "average_of_3_s": None if race.average_ms is None else race.average_ms / 1000,
        "same_again": race == again,
    }


def start(name: str, options: argparse.Namespace, seed: int, cache: str, again: bool) -> dict[str, Any]:
    """Figures of a case in a fresh process."""
    own = ["--track", str(Path(options.track).resolve()), "--cases", name, "--seed", str(seed)]
    own += ["--begun-s", repr(time.monotonic()), "--cache", cache, *(["--again"] if again else [])]
    done = subprocess.run([sys.executable, __file__, *own], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--track", default="kidney", help="an .npy file, or the id of a track")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each case")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--begun-s", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.begun_s is not None:
        alone(CASES[options.cases[0]], options)
        return
    print(f"{platform.machine()}, {date.today()}, {options.track}")
    print(f"{'case':22s} {'start':6s}" + "".join(f"{name:>16s}" for name in COLUMNS))
    for name in options.cases:
        for seed in range(options.seed, options.seed + options.seeds):
            with tempfile.TemporaryDirectory() as cache:
                for state in ("cold", "warm", "again") if CASES[name].until_finish else ("cold",):
                    show(name, state, start(name, options, seed, cache, state == "again"))


def alone(case: Case, options: argparse.Namespace) -> None:
    """Print the figures of a training in this process, as JSON."""
    from manyhands.computing import remember_compilations

    remember_compilations(options.cache)
    begun_s, before_s = options.begun_s, 0.0
    if options.again:
        measure(case._replace(seconds=0.0, until_finish=False), options.track, options.seed + 1000, begun_s)
        begun_s, before_s = time.monotonic(), time.process_time()
    print(json.dumps(measure(case, options.track, options.seed, begun_s, before_s)))


def show(name: str, state: str, found: dict[str, Any]) -> None:
    assert found["same_again"], "two races of one policy differ"
    cells = (
        "-" if found.get(column) is None else f"{found[column]:,.{digits}f}"
        for column, digits in COLUMNS.items()
    )
    print(f"{name:22s} {state:6s}" + "".join(f"{cell:>16s}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
