"""A race against the clock: laps with resets and penalties, timed where the line was crossed within a tick.

A car that leaves the road, stands still or turns round is put back on the centre line where it left, at rest;
one that crashes likewise. The penalty is frozen time: the clock runs on and nothing moves. Times are whole
milliseconds of the simulation's clock. Nothing is drawn: the same policy takes the same time again.
"""

from dataclasses import dataclass

import jax
import numpy as np

from manyhands.envs.limits import require
from manyhands.envs.racer import time_trial, tracks
from manyhands.envs.racer.rules import TICKS_PER_S
from manyhands.envs.racer.time_trial import Status, line_crossing_s
from manyhands.envs.racer.tracks import Track
from manyhands.garage import driving
from manyhands.garage.driving import AT
from manyhands.policies.files import Policy


@dataclass(frozen=True)
class RaceRules:
    """What a race asks for; the defaults are those of DeepRacer's simulator.

    laps: to be driven; consecutive: laps of the best average; off_track_ms, crash_ms: penalties; most_resets:
    after which the race is given up; limit_s: of driving, penalties not counted.
    """

    laps: int = 3
    consecutive: int = 3
    off_track_ms: int = 2000
    crash_ms: int = 5000
    most_resets: int = 10_000
    limit_s: int = 600

    def __post_init__(self) -> None:
        require("laps", self.laps, 1, 100, whole=True)
        require("consecutive", self.consecutive, 1, self.laps, whole=True)
        require("off_track_ms", self.off_track_ms, 0, 60_000, whole=True)
        require("crash_ms", self.crash_ms, 0, 60_000, whole=True)
        require("most_resets", self.most_resets, 0, 10_000, whole=True)
        require("limit_s", self.limit_s, 1, 3600, whole=True)


@dataclass(frozen=True)
class Race:
    """How a race went. laps_ms: of complete laps, penalties inside.

    total_ms, best_ms, average_ms: sum and shortest of the laps, and the shortest average of consecutive laps,
    rounded down; None where there are not enough laps. progress: percentage of all laps.
    """

    finished: bool
    laps_ms: list[int]
    total_ms: int | None
    best_ms: int | None
    average_ms: int | None
    off_tracks: int
    crashes: int
    progress: float


def race(policy: Policy, track: Track, rules: RaceRules = RaceRules(), *, turned: bool = False) -> Race:
    """Drive a policy from the start line of a road, or of the road driven backwards.

    Raises InputError and PolicyFileError as `driving.driver_of`.
    """
    road = tracks.turned(track) if turned else track
    driver, weights = driving.driver_of(policy, road, rules.limit_s * TICKS_PER_S, rules.laps)
    bank, key = time_trial.bank_of(road), jax.random.key(0, impl="rbg")
    clock = _Clock(road.length_m, rules.laps)
    off_tracks = crashes = 0
    place = time_trial.FRONT_AHEAD_M - time_trial.CENTRE_AHEAD_M
    metres = place
    while True:
        share = np.array([(metres - place) / road.length_m % 1.0], np.float32)
        rolling = driving.begin(driver, bank, 0, share)
        at = rolling.episodes._replace(
            metres=np.full(1, metres, np.float32), step=np.full(1, clock.ticks, np.int32)
        )
        rolling = rolling._replace(episodes=at)
        status = Status.IN_PROGRESS
        while status == Status.IN_PROGRESS:
            rolling, rows = driving.stretch(driver, bank, 0, weights, rolling, key, np.int32(0))
            made = np.asarray(rows)[:, 0]
            made = made[made[:, AT["alive"]] > 0.0]
            clock.run(metres, made[:, AT["metres"]])
            metres, status = float(made[-1, AT["metres"]]), Status(int(made[-1, AT["status"]]))
        off_tracks += status not in (Status.LAP_COMPLETE, Status.CRASHED, Status.TIME_UP)
        crashes += status == Status.CRASHED
        if status in (Status.LAP_COMPLETE, Status.TIME_UP) or off_tracks + crashes > rules.most_resets:
            return _result(clock, rules, (off_tracks, crashes), metres)
        clock.penalty_ms += rules.crash_ms if status == Status.CRASHED else rules.off_track_ms


class _Clock:
    """Turns the way of a car into lap times."""

    def __init__(self, length_m: float, laps: int) -> None:
        self._length_m, self._laps = length_m, laps
        self.ticks = 0
        self.penalty_ms = 0
        self.crossed_ms: list[int] = []

    def run(self, before: float, metres: np.ndarray) -> None:
        """Take in metres (T,) after each of T ticks that began at `before`."""
        for after in metres.tolist():
            self.ticks += 1
            line = (len(self.crossed_ms) + 1) * self._length_m
            if len(self.crossed_ms) < self._laps and after >= line:
                driven_s = line_crossing_s(line, (before, after), self.ticks)
                self.crossed_ms.append(round(1000.0 * driven_s) + self.penalty_ms)
            before = after


def _result(clock: _Clock, rules: RaceRules, counts: tuple[int, int], metres: float) -> Race:
    laps = np.diff([0, *clock.crossed_ms]).tolist()
    windows = [sum(laps[at : at + rules.consecutive]) for at in range(len(laps) - rules.consecutive + 1)]
    finished = len(laps) == rules.laps
    return Race(
        finished=finished,
        laps_ms=laps,
        total_ms=sum(laps) if finished else None,
        best_ms=min(laps, default=None),
        average_ms=min(windows) // rules.consecutive if windows else None,
        off_tracks=counts[0],
        crashes=counts[1],
        progress=100.0 * min(1.0, metres / (rules.laps * clock._length_m)),
    )
