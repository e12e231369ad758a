"""Reward functions in their jail: calls a second, start-up of a runner, params a second.

python benchmarks/rewards.py
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from manyhands.envs.racer import tracks
from manyhands.garage.params import Columns, Trace, columns
from manyhands.garage.rewards.runner import RewardRunner

CARS, TICKS = 64, 64
NOTHING = "def reward_function(params):\n    return 1.0\n"
# As long and as heavy as the median of public functions: 72 lines, 3 us a call in plain CPython.
MEDIAN = '''
import math


def reward_function(params):
    """Stay near the centre, look where the road goes, be fast on straights, steer little."""
    # Where the car is
    all_wheels_on_track = params["all_wheels_on_track"]
    distance_from_center = params["distance_from_center"]
    track_width = params["track_width"]
    is_left = params["is_left_of_center"]

    # What it does
    speed = params["speed"]
    steering = abs(params["steering_angle"])
    heading = params["heading"]
    progress = params["progress"]
    steps = params["steps"]

    # What lies ahead
    waypoints = params["waypoints"]
    closest = params["closest_waypoints"]

    SPEED_THRESHOLD = 1.5
    STEERING_THRESHOLD = 15.0
    DIRECTION_THRESHOLD = 10.0
    TOTAL_STEPS = 300

    reward = 1e-3
    if not all_wheels_on_track:
        return float(reward)

    # Three bands around the centre
    marker_1 = 0.1 * track_width
    marker_2 = 0.25 * track_width
    marker_3 = 0.5 * track_width
    if distance_from_center <= marker_1:
        reward = 1.2
    elif distance_from_center <= marker_2:
        reward = 0.8
    elif distance_from_center <= marker_3:
        reward = 0.1

    # Direction of the road between three pairs of waypoints
    turn = 0.0
    before = None
    for offset in range(3):
        first = waypoints[(closest[0] + offset) % len(waypoints)]
        second = waypoints[(closest[1] + offset) % len(waypoints)]
        direction = math.degrees(math.atan2(second[1] - first[1], second[0] - first[0]))
        if before is not None:
            turn += abs((direction - before + 180.0) % 360.0 - 180.0)
        else:
            gap = abs(direction - heading)
            if gap > 180.0:
                gap = 360.0 - gap
            if gap > DIRECTION_THRESHOLD:
                reward *= 0.5
        before = direction

    # Fast on straights, slow in bends
    if turn < 10.0:
        reward += 0.5 if speed > SPEED_THRESHOLD else -0.1
    elif speed > SPEED_THRESHOLD:
        reward *= 0.8
    if steering > STEERING_THRESHOLD and turn < 10.0:
        reward *= 0.8
    if is_left:
        reward += 0.05

    # More progress than a car of this pace would have made
    if steps % 50 == 0 and progress > steps / TOTAL_STEPS * 100.0:
        reward += 5.0
    return float(max(reward, 1e-3))
'''
LIBRARIES = {
    "nothing imported": NOTHING,
    "numpy": "import numpy\n" + NOTHING,
    "shapely": "import shapely.geometry\n" + NOTHING,
    "scipy.interpolate": "from scipy import interpolate\n" + NOTHING,
    "scipy.stats": "import scipy.stats\n" + NOTHING,
}


def drive(track: tracks.Track) -> Trace:
    """CARS cars that go along the centre line for TICKS ticks, evenly spread."""
    at = (np.arange(CARS) * len(track.centre) // CARS + np.arange(TICKS)[:, None]) % len(track.centre)
    shape, no = at.shape, np.zeros(at.shape, np.bool_)
    return Trace(
        track=track,
        reversed=False,
        x=track.centre[at][..., 0],
        y=track.centre[at][..., 1],
        yaw=np.arctan2(track.tangent[at][..., 1], track.tangent[at][..., 0]),
        speed=np.full(shape, 1.5),
        steering=np.full(shape, -10.0),
        progress=np.full(shape, 10.0, np.float32),
        step=np.broadcast_to(np.arange(1, TICKS + 1, dtype=np.int32)[:, None], shape),
        offtrack=no,
        crashed=no,
        done=no,
        wheels_on_track=~no,
        alive=~no,
        objects=np.zeros((CARS, 0, 4), np.float32),
    )


def rate(work: Callable[[], object], seconds: float) -> float:
    """Calls a second in the median of many turns of CARS * TICKS calls each."""
    work()
    times, until_s = [], time.perf_counter() + seconds
    while time.perf_counter() < until_s:
        begun_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun_s)
    return CARS * TICKS / statistics.median(times)


def plain_us(told: Columns) -> float:
    """Microseconds of one call of MEDIAN in this process, params given."""
    space: dict[str, Callable[..., float]] = {}
    exec(compile(MEDIAN, "median", "exec"), space)
    params, function = told.params(5, 5), space["reward_function"]
    begun_s = time.perf_counter()
    for _ in range(20_000):
        function(params)
    return (time.perf_counter() - begun_s) / 20_000 * 1e6


def start_s(source: str) -> float:
    """Seconds from nothing to a runner of CARS cars that is ready for calls."""
    begun_s = time.perf_counter()
    with RewardRunner(source, CARS):
        return time.perf_counter() - begun_s


def first_start_s(name: str) -> float:
    """The same as the first that a new interpreter starts; its own imports are not counted."""
    done = subprocess.run(
        [sys.executable, __file__, "--start", name], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each row")
    parser.add_argument("--start", choices=LIBRARIES, help="print the seconds of one start and end")
    arguments = parser.parse_args()
    if arguments.start:
        print(start_s(LIBRARIES[arguments.start]))
        return
    seconds = arguments.seconds
    trace = drive(tracks.track("gen-0"))
    told = columns(trace)
    print(f"params                {rate(lambda: columns(trace), seconds):10,.0f} rows/s")
    lines = MEDIAN.count("\n") - 1
    print(f"median function       {plain_us(told):10.1f} us a call in plain CPython, {lines} lines")
    for name, source in (("median function", MEDIAN), ("empty function", NOTHING)):
        with RewardRunner(source, CARS) as runner:
            print(f"{name:20s}  {rate(lambda: runner.reward(told), seconds):10,.0f} calls/s")
    for name, source in LIBRARIES.items():
        again_s = statistics.median(start_s(source) for _ in range(5))
        print(f"start, {name:18s} {first_start_s(name):6.2f} s first, {again_s:5.2f} s again")


if __name__ == "__main__":
    main()
