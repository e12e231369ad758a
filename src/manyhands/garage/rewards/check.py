"""Everything that is wrong with a reward function, before anyone trains with it."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, replace
from functools import lru_cache
from time import monotonic as clock
from typing import Any

import numpy as np

from manyhands.envs.racer import npy, tracks
from manyhands.envs.racer.tracks import Track
from manyhands.errors import Fault, RewardError
from manyhands.garage.params import Columns, Trace, columns
from manyhands.garage.rewards.limits import DEFAULTS, LARGEST_REWARD, Limits, line_of_function
from manyhands.garage.rewards.lines import called
from manyhands.garage.rewards.opening import check_size, loaded, scanned
from manyhands.garage.rewards.process import BrokenError, JailedProcess
from manyhands.garage.rewards.runner import beyond

RACES = ("time_trial", "objects")
# Waypoints of the roads that are tried in turn: functions that were written for one track have lists by its
# waypoints, and fail on a track with more, or name waypoints that a track with fewer does not have.
_WAYPOINTS = (257, 119, 71, 513)
# Share of the lap, metres to the left, degrees from the road's direction, by name, in an episode's order. The
# first is not 0, for progress counts from behind the car's front.
_PLACES = {
    "first step": (0.006, 0.0, 0.0),
    "second step": (0.01, 0.0, 3.0),
    "left of the centre": (0.3, 0.2, 20.0),
    "middle of the lap": (0.5, -0.1, -15.0),
    "right of the centre": (0.7, -0.3, -60.0),
    "driving the wrong way": (0.8, 0.1, 175.0),
    "last metres": (0.997, 0.0, 0.0),
    "finish": (1.0, 0.0, 0.0),
    "first step of the next episode": (0.05, 0.0, 0.0),
    "off track": (0.6, 0.68, 40.0),
    "first step of the last episode": (0.95, 0.0, 0.0),
    "crashed": (0.25, 0.1, 5.0),
}
_FIRST = "first step"
_BOXES = 4
_STEPS_OF_A_LAP = 200
_SURE = 4
"""Calls after which three slow ones of four tell that a function is slow."""


@dataclass(frozen=True)
class Found:
    """A fault with the races and the states in which it showed; none where it shows without running.

    forwards: whether it shows to who drives along the road's direction.
    """

    fault: Fault
    races: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    forwards: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain data for the page and the command line."""
        return {
            "line": self.fault.line or None,
            "message": self.fault.message,
            "races": list(self.races),
            "states": list(self.states),
        }


@dataclass(frozen=True)
class Report:
    """Faults, what DeepRacer's validator would refuse, and seconds of a call (median; None without any).

    took_s: seconds of loading and calling it in all races.
    """

    faults: list[Found]
    warnings: list[Fault]
    call_s: float | None
    printed: list[str]
    took_s: float = 0.0

    @property
    def good(self) -> bool:
        """Whether nothing speaks against training in one race at least."""
        return any(self.good_for(race) for race in RACES)

    def good_for(self, race: str) -> bool:
        """Whether nothing speaks against training in this race."""
        return not any(race in found.races or not found.races for found in self.faults)

    def approve(self, race: str) -> None:
        """Raise RewardError with all that is wrong unless it is good for a race."""
        if not self.good_for(race):
            raise RewardError.of([found.fault for found in self.faults])

    def as_json(self) -> dict[str, Any]:
        """Plain data for the page and the command line."""
        return {
            "ok": self.good,
            **{race: self.good_for(race) for race in RACES},
            "faults": [found.as_json() for found in self.faults],
            "warnings": [{"line": one.line or None, "message": one.message} for one in self.warnings],
            "call_us": None if self.call_s is None else round(1e6 * self.call_s, 1),
            "printed": self.printed,
        }


def check(
    source: str, limits: Limits = DEFAULTS, track: Track | None = None, backwards: bool = False
) -> Report:
    """Read a source and try it on states of both races, each in a jail of its own.

    track: that it is to be trained on. Without one, a function that fails in both races is tried on roads
    with other numbers of waypoints, and the first on which it is good for a race decides. backwards: whether
    it is to be driven against its direction; if not, what fails only there is a warning.

    Raises JailError where the system offers no jail.
    """
    try:
        check_size(source)
    except RewardError as error:
        return Report([Found(fault) for fault in error.faults], [], None, [])
    if track is not None:
        return _tried(source, limits, track, backwards)
    first = _tried(source, limits, _road(_WAYPOINTS[0]), backwards)
    better = None if first.good else _elsewhere(source, limits, backwards, first)
    if better is None:
        return first
    told = [one.fault for one in first.faults if any(map(better.good_for, one.races))]
    words = "On tracks with other numbers of waypoints it fails: "
    warnings = {*better.warnings, *(replace(fault, message=words + fault.message) for fault in told)}
    return replace(better, warnings=sorted(warnings, key=lambda fault: fault.line))


def _elsewhere(source: str, limits: Limits, backwards: bool, first: Report) -> Report | None:
    """What is found on the first other road on which a function is good; None if it is slow or bad on all."""
    took_s = first.took_s
    if not all(one.states and not one.fault.overtime for one in first.faults):
        return None
    for count in _WAYPOINTS[1:]:
        if took_s > limits.check_s:
            return None
        report = _tried(source, limits, _road(count), backwards)
        if report.good:
            return report
        took_s += report.took_s
    return None


def _tried(source: str, limits: Limits, track: Track, backwards: bool) -> Report:
    """What is found on one road."""
    trials: list[_Trial] = []
    jails: list[JailedProcess] = []
    try:
        for _ in RACES:
            jails.append(JailedProcess(source, limits))
        for jail in jails:
            jail.ready()
        faults, warnings = scanned(jails[0], source, limits)
        found = [Found(fault) for fault in faults]
        if not faults:
            trials = [
                _Trial(source, limits, race, jail, track) for race, jail in zip(RACES, jails, strict=True)
            ]
            for trial in trials:
                trial.run()
            found = _merged([one for trial in trials for one in trial.found])
    except BrokenError as cause:
        found, warnings = [Found(Fault(0, f"The source cannot be read. {cause}"))], []
    finally:
        for jail in jails:
            jail.close()
    if not backwards:
        words = "Against the direction of a track it fails: "
        told = [replace(one.fault, message=words + one.fault.message) for one in found if not one.forwards]
        warnings, found = warnings + told, [one for one in found if one.forwards]
    times = [seconds for trial in trials for seconds in trial.times_s]
    warnings = sorted({*warnings, *(one for trial in trials for one in trial.warnings)}, key=lambda w: w.line)
    printed = [line for trial in trials for line in trial.printed]
    took_s = sum(trial.took_s for trial in trials)
    return Report(found, warnings, statistics.median(times) if times else None, printed, took_s)


class _Trial:
    """The source's calls in one race."""

    def __init__(self, source: str, limits: Limits, race: str, jail: JailedProcess, track: Track) -> None:
        self._source, self._limits, self._race, self._jail = source, limits, race, jail
        self._track = track
        self.found: list[Found] = []
        self.warnings: list[Fault] = []
        self.times_s: list[float] = []
        self.printed: list[str] = []
        self.took_s = 0.0
        # Of all calls by this process's own clock, which nobody can tamper with.
        self._waits_s: list[float] = []

    def run(self) -> None:
        """Load the source and call it on every state."""
        begun_s = clock()
        try:
            loaded([self._jail], self._source, [1], self._limits)
            self._call_all()
        except RewardError as error:
            self.found += [Found(fault) for fault in error.faults]
        except BrokenError as cause:
            words = f"The reward function was stopped. {cause}"
            self._add(Fault(line_of_function(self._source), words), "while it ran")
        else:
            self._time()
        self.printed = self._jail.printed()
        self.took_s = clock() - begun_s

    def _call_all(self) -> None:
        """Call it on every state, or on some where the others would each take as long."""
        for backwards in (False, True):
            boxes = _BOXES if self._race == "objects" else 0
            told = columns(_episodes(self._track, backwards, boxes))
            for tick, name in enumerate(_PLACES):
                begun_s = clock()
                self._call(told, tick, name, backwards)
                self._waits_s.append(clock() - begun_s)
                if self._is_enough():
                    return

    def _is_enough(self) -> bool:
        """Whether more calls would take long and tell nothing new."""
        if self.found and self.found[-1].fault.overtime:
            return True
        limits, waited_s = self._limits, sum(self._waits_s)
        if waited_s > limits.check_s:
            words = f"Its calls took more than {limits.check_s:g} s together."
            self._add(Fault(line_of_function(self._source), words, overtime=True), "while it ran")
            return True
        surely = len(self._waits_s) >= _SURE and waited_s > limits.pause_s
        return surely and _quick_s(self._waits_s) > limits.call_s

    def _call(self, told: Columns, tick: int, name: str, backwards: bool) -> None:
        line = line_of_function(self._source)
        state = json.dumps(told.params(tick, 0)).encode()
        fault: Fault | None = None
        try:
            found = called(self._jail, state, self._limits, _FIRST in name)
            if abs(found.reward) > LARGEST_REWARD:
                fault = Fault(line, beyond(found.reward))
        except RewardError as error:
            fault = replace(error.faults[0], line=error.faults[0].line or line)
        if fault is not None:
            self._add(fault, f"{name}, reversed" if backwards else name, forwards=not backwards)
            return
        self.times_s.append(found.took_s)
        if not found.as_float:
            self.warnings.append(Fault(line, "DeepRacer's validator wants a float: return float(reward)."))

    def _time(self) -> None:
        if self.times_s and _quick_s(self.times_s) > self._limits.call_s:
            words = f"A call takes more than {1e3 * self._limits.call_s:g} ms."
            self._add(Fault(line_of_function(self._source), words, overtime=True), "every call")

    def _add(self, fault: Fault, state: str, *, forwards: bool = True) -> None:
        self.found.append(Found(fault, (self._race,), (state,), forwards))


def _quick_s(times_s: list[float]) -> float:
    """What three of four calls take at least: other programs make single calls slow, and not so many."""
    return float(np.quantile(times_s, 0.25))


def _merged(found: list[Found]) -> list[Found]:
    """One entry for each fault, by line, with all races and states in which it showed."""
    merged: dict[Fault, Found] = {}
    for one in found:
        known = merged.get(one.fault, Found(one.fault, forwards=False))
        races = tuple(dict.fromkeys(known.races + one.races))
        states = tuple(dict.fromkeys(known.states + one.states))
        merged[one.fault] = Found(one.fault, races, states, known.forwards or one.forwards)
    return sorted(merged.values(), key=lambda one: one.fault.line)


@lru_cache
def _road(count: int) -> Track:
    """A road of the catalogue as if read from a file of so many rows, the first one repeated last."""
    road = tracks.track(tracks.catalogue()[0].id)
    rows = npy.export(road.centre, road.tangent, road.half_width)
    at = np.linspace(0.0, len(rows) - 1.0, count)
    drawn = [np.interp(at, np.arange(len(rows)), column) for column in rows.T]
    return replace(road, rows=np.column_stack(drawn), origin_m=(0.0, 0.0))


def _episodes(track: Track, backwards: bool, boxes: int) -> Trace:
    """The places on a road as the drive of one car, with boxes along the road or none."""
    road = tracks.turned(track) if backwards else track
    share, aside, turn = (np.array(column) for column in zip(*_PLACES.values(), strict=True))
    at = np.round(share * len(road.centre)).astype(int) % len(road.centre)
    ahead = road.tangent[at].astype(np.float64)
    place = road.centre[at] + aside[:, None] * np.column_stack([-ahead[:, 1], ahead[:, 0]])
    names = list(_PLACES)
    begun = np.array([_FIRST in name for name in names])
    start = np.flatnonzero(begun)[np.cumsum(begun) - 1]
    driven = (share - share[start]) % 1.0 + share[0]
    # As many as a drive takes: progress for each step, or a power of it, is a common reward.
    step = 1 + np.round(_STEPS_OF_A_LAP * (driven - share[0]))
    boxed = (np.arange(boxes) * len(road.centre)) // max(boxes, 1) + 9
    still = np.zeros((boxes, 2))

    def column(values: Any, form: type) -> Any:
        return np.asarray(values, form)[:, None]

    return Trace(
        track=road,
        reversed=backwards,
        x=column(place[:, 0], np.float32),
        y=column(place[:, 1], np.float32),
        yaw=column(np.arctan2(ahead[:, 1], ahead[:, 0]) + np.radians(turn), np.float32),
        speed=column(np.linspace(0.5, 4.0, len(names)), np.float64),
        steering=column(np.linspace(-30.0, 30.0, len(names)), np.float64),
        progress=column(100.0 * driven, np.float32),
        step=column(step, np.int32),
        offtrack=column([name == "off track" for name in names], np.bool_),
        crashed=column([name == "crashed" and boxes > 0 for name in names], np.bool_),
        done=column([name in ("finish", "off track", "crashed") for name in names], np.bool_),
        wheels_on_track=column(np.abs(aside) < 0.25, np.bool_),
        alive=column(np.ones(len(names)), np.bool_),
        objects=np.hstack([road.centre[boxed], still])[None].astype(np.float32),
    )
