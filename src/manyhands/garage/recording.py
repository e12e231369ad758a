"""What a training keeps of its drives, to make SIM_TRACE files of later. Plain numpy, no JAX.

A training of an hour drives tens of millions of steps. What is kept is bounded: once there are more than
MOST_STEPS, every other iteration is dropped and only every other one is recorded from then on. The first one
stays, and so do the best and the latest.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.racer import tracks
from manyhands.envs.racer.tracks import Track
from manyhands.garage.params import TICKS_PER_S, Trace, columns
from manyhands.garage.traces import NO_ACTION, STEP, Part, Phase, Rows

MOST_STEPS = 200_000
STATUSES = (
    "in_progress",
    "off_track",
    "crashed",
    "lap_complete",
    "immobilized",
    "reversed",
    "time_up",
    "prepare",
)
"""names of `time_trial.Status` by its values; then of the row before the first action"""
PREPARE = len(STATUSES) - 1

DRIVEN = np.dtype(
    [
        ("iteration", "<i4"),
        ("lane", "<i2"),
        ("step", "<i4"),
        ("x", "<f4"),
        ("y", "<f4"),
        ("yaw", "<f4"),
        ("steering", "<f4"),
        ("speed", "<f4"),
        ("progress", "<f4"),
        ("action", "<i2"),
        ("reward", "<f8"),
        ("wheels", "?"),
        ("status", "u1"),
    ]
)
"""One step of one lane: centre of the car model in the track's metres, radians, degrees, commanded m/s.

Step 0 stands for the car before its first action. Lanes from `cars` on are trials, which are not rewarded.
"""


class Recording:
    """Drives of some iterations; `cars` is the number of lanes that explore."""

    def __init__(self, cars: int) -> None:
        self.cars = cars
        self._every = 1
        self._kept: dict[int, NDArray[np.void]] = {}
        self._best = 0
        self._latest = -1

    def wants(self, number: int, best: bool) -> bool:
        """Whether an iteration is to be recorded."""
        return best or number % self._every == 0

    def add(self, number: int, best: bool, driven: NDArray[np.void]) -> None:
        """Keep the drives (n,) of dtype DRIVEN of an iteration."""
        self._latest = number
        self._best = number if best else self._best
        self._kept[number] = driven
        while sum(map(len, self._kept.values())) > MOST_STEPS and self._every <= max(self._kept):
            self._every *= 2
            self._kept = {at: rows for at, rows in self._kept.items() if self._stays(at)}

    def _stays(self, number: int) -> bool:
        return number % self._every == 0 or number in (self._best, self._latest)

    def forget(self, first: int) -> None:
        """Drop iterations from `first` on: they will be driven again."""
        self._kept = {at: rows for at, rows in self._kept.items() if at < first}

    def dump(self, *, small: bool = False) -> bytes:
        """All of it as the bytes of an .npz file; a small one takes ten times as long to make."""
        buffer = io.BytesIO()
        driven = np.concatenate([np.zeros(0, DRIVEN), *self._kept.values()])
        facts = np.array([self.cars, self._every, self._best], np.int64)
        save = np.savez_compressed if small else np.savez
        save(buffer, allow_pickle=False, driven=driven, facts=facts)
        return buffer.getvalue()

    @classmethod
    def load(cls, data: bytes) -> Recording:
        """A recording of its bytes, as this program has written them."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            driven, facts = stored["driven"], stored["facts"].tolist()
        found = cls(facts[0])
        found._every, found._best = facts[1], facts[2]
        for number in np.unique(driven["iteration"]).tolist():
            found._kept[number] = driven[driven["iteration"] == number]
        return found

    def parts(self, track: Track, backwards: bool) -> list[Part]:
        """SIM_TRACE of all iterations, training before evaluation.

        track: as its file has it; backwards: whether it was driven in the other direction.
        """
        road = tracks.turned(track) if backwards else track
        found = []
        phases: tuple[tuple[Phase, bool], ...] = (("training", False), ("evaluation", True))
        for phase, trials in phases:
            now_s = 0.0
            for number, driven in sorted(self._kept.items()):
                lanes = driven[(driven["lane"] >= self.cars) == trials]
                if len(lanes):
                    rows = _steps(lanes, road, backwards)
                    first = self.cars if trials else 0
                    per_iteration = int(lanes["lane"].max()) + 1 - first
                    rows["episode"] += number * per_iteration - first
                    rows["tstamp"] += now_s
                    now_s = float(rows["tstamp"][-1]) + 1.0 / TICKS_PER_S
                    found.append(Part(phase, number, rows))
        return found


@dataclass(frozen=True, eq=False)
class Drives:
    """What all lanes of an iteration drove.

    trace: (T, lanes). status: (T, lanes) by STATUSES. action: (T, lanes), None in a continuous space. reward:
    (T, cars) of the exploring lanes, which come first. starts: (lanes, 4) x, y, yaw and progress before the
    first action, as in DRIVEN.
    """

    trace: Trace
    status: NDArray[np.int64]
    action: NDArray[np.int64] | None
    reward: NDArray[np.float64]
    starts: NDArray[np.float64]


def driven(number: int, drives: Drives) -> NDArray[np.void]:
    """Steps of an iteration as (n,) of dtype DRIVEN, lane after lane."""
    trace = drives.trace
    shape = trace.alive.shape
    reward = np.zeros(shape)
    reward[:, : drives.reward.shape[1]] = drives.reward
    table: dict[str, NDArray[Any]] = {
        "step": trace.step,
        "x": trace.x,
        "y": trace.y,
        "yaw": trace.yaw,
        "steering": trace.steering,
        "speed": trace.speed,
        "progress": trace.progress,
        "action": np.full(shape, NO_ACTION) if drives.action is None else drives.action,
        "reward": reward,
        "wheels": trace.wheels_on_track,
        "status": drives.status,
    }
    found = [np.zeros(0, DRIVEN)]
    for lane in range(shape[1]):
        alive = trace.alive[:, lane]
        if not alive.any():
            continue
        rows = np.zeros(1 + int(alive.sum()), DRIVEN)
        for name, column in table.items():
            rows[name][1:] = column[alive, lane]
        # The simulator first writes how the car stands, with the action that comes.
        rows[0] = rows[1]
        for name, value in zip(("x", "y", "yaw", "progress"), drives.starts[lane], strict=True):
            rows[name][0] = value
        rows["step"][0], rows["reward"][0], rows["status"][0], rows["wheels"][0] = 0, 0.0, PREPARE, True
        rows["lane"] = lane
        found.append(rows)
    made = np.concatenate(found)
    made["iteration"] = number
    return made


def _steps(lanes: NDArray[np.void], road: Track, backwards: bool) -> Rows:
    """Rows of SIM_TRACE, one episode after the other; `episode` is the lane."""

    def one_car(name: str) -> NDArray[Any]:
        return np.asarray(lanes[name])[:, None]

    every = np.ones((len(lanes), 1), np.bool_)
    told = columns(
        Trace(
            track=road,
            reversed=backwards,
            x=one_car("x"),
            y=one_car("y"),
            yaw=one_car("yaw"),
            speed=one_car("speed").astype(np.float64),
            steering=one_car("steering").astype(np.float64),
            progress=one_car("progress"),
            step=one_car("step"),
            offtrack=~every,
            crashed=~every,
            done=~every,
            wheels_on_track=one_car("wheels"),
            alive=every,
            objects=np.zeros((1, 0, 4), np.float32),
        )
    )
    values = {name: column[:, 0] for name, column in told.values.items()}
    rows = np.zeros(len(lanes), STEP)
    for name, source in (("X", "x"), ("Y", "y"), ("yaw", "heading"), ("progress", "progress")):
        rows[name] = values[source]
    for name, source in (("episode", "lane"), ("action", "action"), ("reward", "reward")):
        rows[name] = lanes[source]
    # Actions are whole or one decimal in what people write; float32 would show in the seventh.
    rows["steer"] = np.round(lanes["steering"].astype(np.float64), 4)
    rows["throttle"] = np.round(lanes["speed"].astype(np.float64), 4)
    rows["steps"] = lanes["step"] + 1
    rows["episode_status"] = np.array(STATUSES)[lanes["status"]]
    rows["done"] = (lanes["status"] != PREPARE) & (lanes["status"] > 0)
    rows["all_wheels_on_track"] = lanes["wheels"]
    rows["closest_waypoint"] = _nearest(told.waypoints, values)
    rows["track_len"] = told.track_length
    rows["tstamp"] = np.arange(len(lanes)) / TICKS_PER_S
    return rows


def _nearest(waypoints: NDArray[np.float64], values: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Of the waypoints passed last and next the one that is nearer to the car's front."""
    front = np.stack([values["x"], values["y"]], axis=-1)
    before, ahead = values["before"], values["ahead"]
    apart = [np.hypot(*(waypoints[at] - front).T) for at in (before, ahead)]
    return np.where(apart[0] <= apart[1], before, ahead) % (len(waypoints) - 1)
