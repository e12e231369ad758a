"""Whether training among boxes teaches to avoid them, and what objects cost in speed.

    python benchmarks/objects.py [--track kidney] [--iterations 60] [--seed 0] [--races "one box" ...]

Trainings of the same order: alone, among one box, among two bot cars, drawn anew for each episode, with
lidar, up to 2 m/s, a reward for progress. Then greedy trials of the best and the latest policy from 20
starts, alone and among what it did not train with, too: their mean way before leaving the road or touching
something, in percent of a lap. cpu_us: processor time of all threads by steps of exploring cars, updates
included and the first two iterations left out, which other programs on the machine do not lengthen much;
rewards are computed here and not in a jail.
"""

import argparse
import json
import platform
import time
from dataclasses import replace
from datetime import date
from typing import Any, Literal

import numpy as np

from manyhands.envs.racer import actions, tracks
from manyhands.envs.racer.race_types import TIME_TRIAL, RaceType
from manyhands.garage import driving, hyperparameters, outputs, training
from manyhands.garage.params import Trace
from manyhands.garage.training import Order, Training

RACES = {
    "alone": TIME_TRIAL,
    "one box": RaceType("object_avoidance", 1),
    "two bots": RaceType("head_to_bot", 2, speed_mps=0.5),
}
TRIALS = 20
WHICH: tuple[Literal["best", "latest"], ...] = ("best", "latest")
CRASH = -5.0


def progress(trace: Trace) -> np.ndarray:
    """Percent of the lap made in each tick, less a fine for the end that is no lap."""
    first = trace.step == 1
    made = np.diff(trace.progress, axis=0, prepend=trace.progress[:1])
    made = np.where(first, 0.0, np.clip(made, -1.0, 3.0))
    return np.asarray(made + CRASH * (trace.offtrack | trace.crashed), np.float64)


def completion(training_: Training, which: Literal["best", "latest"], race: RaceType) -> float:
    """Mean percentage of the lap of greedy trials of the best or the last policy in a race."""
    measured = Training(replace(training_.order, race=race, trials=TRIALS), progress)
    measured.begin_with(outputs.policy_of(training_, which))
    return measured.iterate(learn=False).completion_trials


def row(name: str, order: Order, iterations: int) -> dict[str, Any]:
    """Train in one race and measure in all."""
    spent_s: list[float] = []
    done = training.train(
        replace(order, race=RACES[name]),
        progress,
        lambda history, _: len(history) < iterations,
        lambda _: spent_s.append(time.process_time()),
    )
    cpu_us = 1e6 * (spent_s[-1] - spent_s[1]) / sum(one.steps for one in done.history[2:])
    among = {
        f"{which}, {other}, %": round(completion(done, which, race), 1)
        for which in WHICH
        for other, race in RACES.items()
    }
    return {
        "trained": name,
        "steps": sum(one.steps for one in done.history),
        "cpu_us": round(cpu_us, 1),
        **among,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--track", default="kidney")
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--races", nargs="+", choices=list(RACES), default=list(RACES))
    options = parser.parse_args()
    order = Order(
        track=tracks.track(options.track),
        space=actions.generate(5, 30.0, 2, 2.0),
        sensor=driving.lidar(),
        hyper=hyperparameters.parse({"num_epochs": 3}),
        seed=options.seed,
    )
    print(json.dumps({"date": str(date.today()), "machine": platform.machine(), "track": options.track}))
    for name in options.races:
        print(json.dumps(row(name, order, options.iterations)), flush=True)


if __name__ == "__main__":
    main()
