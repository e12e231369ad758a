"""A race against the clock: laps with resets and penalties, timed to the moment within a tick.

A car that leaves the road, stands still or turns round is put back on the centre line where it left, at
rest. One that crashes is put 1 m behind what it hit, and so is any car that would have an object less than
1 m ahead. A penalty is frozen time: the clock runs on and nothing moves. Times are whole milliseconds of
the simulation's clock. What is on the road follows from the rules: the same policy takes the same time again,
and so do the same recorded actions.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.racer import obstacles, race_types, time_trial, tracks
from manyhands.envs.racer.obstacles import Objects
from manyhands.envs.racer.race_types import RaceType
from manyhands.envs.racer.rules import TICKS_PER_S, Bank
from manyhands.envs.racer.time_trial import Episode, Status, line_crossing_s
from manyhands.envs.racer.tracks import Track
from manyhands.garage import driving
from manyhands.garage.driving import AT, STRETCH, Rolling
from manyhands.garage.race_rules import DEFAULT_RULES, RaceRules
from manyhands.policies.files import Policy
from manyhands.policies.simulate import keep

_POSE = [AT[name] for name in ("x", "y", "c", "s")]
START_M = time_trial.FRONT_AHEAD_M - time_trial.CENTRE_AHEAD_M  # of the front, of a car on the start line


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


@dataclass(frozen=True)
class Stop:
    """The car was put back after `tick` ticks, and the clock ran on for `ms`."""

    tick: int
    ms: int
    crashed: bool


@dataclass(frozen=True, eq=False)
class Drive:
    """A race with the way that was driven.

    poses: (ticks, 4) float32, after each tick x and y in metres and the heading as a unit vector.
    objects: the same of what is on the road, (1, K, 4) where it stands, (ticks, K, 4) where it is moving.
    """

    race: Race
    poses: NDArray[np.float32]
    stops: list[Stop]
    objects: NDArray[np.float32]
    moving: bool


class Car(Protocol):
    """What is driven in a race."""

    @property
    def objects(self) -> Objects:
        """What is on the road now, (1, K)."""

    def place(self, metres: float, ticks: int) -> None:
        """Put it at rest on the centre line, its front `metres` from the start, with `ticks` ticks driven."""

    def go(self) -> NDArray[np.float32]:
        """Drive on for some ticks; returns rows (n, len(ROW)) of `driving`, none once nobody steers."""


def race(policy: Policy, track: Track, rules: RaceRules = DEFAULT_RULES, *, turned: bool = False) -> Race:
    """Drive a policy from the start line of a road, or of the road driven backwards.

    Raises InputError and PolicyFileError as `driving.driver_of`.
    """
    return drive(policy, track, rules, turned=turned).race


def drive(policy: Policy, track: Track, rules: RaceRules, *, turned: bool = False) -> Drive:
    """As `race`, with the way that was driven."""
    road = tracks.turned(track) if turned else track
    return _drive(Driven(policy, road, rules), road, rules)


def replay(actions: NDArray[np.int8], track: Track, rules: RaceRules, *, turned: bool = False) -> Drive:
    """As `drive`, by recorded actions (ticks, 2): steering and throttle in 127ths; they end the race."""
    road = tracks.turned(track) if turned else track
    return _drive(Steered(actions, road, rules), road, rules)


def _drive(car: Car, road: Track, rules: RaceRules) -> Drive:
    clock = Clock(road.length_m, rules.laps)
    width = len(AT) + (4 * rules.race.objects if rules.race.moving else 0)
    metres, made, stops = START_M, [np.zeros((0, width), np.float32)], list[Stop]()
    standing = _standing_poses(car, road, rules)

    def result() -> Drive:
        way = np.concatenate(made)
        poses = way[:, len(AT) :].reshape(len(way), -1, 4) if rules.race.moving else standing
        return Drive(result_of(clock, rules, stops, metres), way[:, _POSE], stops, poses, rules.race.moving)

    while True:
        metres = _clear(car, road, metres)
        car.place(metres, clock.ticks)
        status = Status.IN_PROGRESS
        while status == Status.IN_PROGRESS:
            rows = car.go()
            if not len(rows):
                return result()
            made.append(rows)
            clock.run(metres, rows[:, AT["metres"]])
            metres, status = float(rows[-1, AT["metres"]]), Status(int(rows[-1, AT["status"]]))
        if status not in (Status.LAP_COMPLETE, Status.TIME_UP):
            crashed = status == Status.CRASHED
            stops.append(Stop(clock.ticks, rules.crash_ms if crashed else rules.off_track_ms, crashed))
            clock.penalty_ms += stops[-1].ms
        if status in (Status.LAP_COMPLETE, Status.TIME_UP) or len(stops) > rules.most_resets:
            return result()


def _clear(car: Car, road: Track, metres: float) -> float:
    """Where the car's front may be put, metres from the start, at `metres` or behind."""
    along = np.asarray(car.objects.along)[0]
    if not len(along):
        return metres
    middle = (metres - START_M) % road.length_m
    return metres + obstacles.cleared(middle, along, road.length_m) - middle


def _standing_poses(car: Car, road: Track, rules: RaceRules) -> NDArray[np.float32]:
    """Poses (1, K, 4) of what is on the road at the start."""
    if not rules.race.objects:
        return np.zeros((1, 0, 4), np.float32)
    objects = Objects(*(part[0] for part in car.objects))
    return np.asarray(obstacles.poses(rules.race, time_trial.bank_of(road), objects))[None]


def _first_objects(road: Track, rules: RaceRules) -> Objects:
    """What is on the road when a race begins, (1, K)."""
    word = race_types.words(rules.seed, [0])[0]
    return Objects(*(np.asarray(part)[None] for part in obstacles.placed(rules.race, road, word)))


def _share(road: Track, metres: float) -> NDArray[np.float32]:
    """Share of the lap (1,) at which a car is put whose front is `metres` from the start."""
    return np.array([(metres - START_M) / road.length_m % 1.0], np.float32)


def _standing(episode: Episode, metres: float, ticks: int) -> Episode:
    """An episode (1,) that has just begun, as one that goes on."""
    return episode._replace(
        metres=jnp.asarray(np.full(1, metres, np.float32)), step=jnp.asarray(np.full(1, ticks, np.int32))
    )


class Driven:
    """A car that a policy drives."""

    def __init__(self, policy: Policy, road: Track, rules: RaceRules) -> None:
        ticks = rules.limit_s * TICKS_PER_S
        self._driver, self._weights = driving.driver_of(policy, road, ticks, rules.laps, rules.race)
        self._road, self._bank = road, time_trial.bank_of(road)
        self._key = jax.random.key(0, impl="rbg")
        self.objects = _first_objects(road, rules)
        self._rolling: Rolling

    def place(self, metres: float, ticks: int) -> None:
        """See `Car.place`."""
        rolling = driving.begin(self._driver, self._bank, 0, _share(self._road, metres), self.objects)
        self._rolling = rolling._replace(episodes=_standing(rolling.episodes, metres, ticks))

    def go(self) -> NDArray[np.float32]:
        """See `Car.go`."""
        self._rolling, rows = driving.stretch(
            self._driver, self._bank, 0, self._weights, self._rolling, self._key, np.int32(0)
        )
        # The next call gives this rollout's memory away.
        self.objects = jax.tree.map(np.array, self._rolling.episodes.objects)
        made = np.asarray(rows)[:, 0]
        return made[made[:, AT["alive"]] > 0.0]


class Steered:
    """A car that follows recorded actions."""

    def __init__(self, actions: NDArray[np.int8], road: Track, rules: RaceRules) -> None:
        shape = (road.distance.shape[0], road.distance.shape[1])
        self._form = _Form(shape, rules.limit_s * TICKS_PER_S, rules.laps, rules.race)
        self._road, self._bank = road, time_trial.bank_of(road)
        self._actions, self._next = actions, 0
        self.objects = _first_objects(road, rules)
        self._episode: Episode

    def place(self, metres: float, ticks: int) -> None:
        """See `Car.place`."""
        episode = _begin(self._form, self._bank, _share(self._road, metres), self.objects)
        self._episode = _standing(episode, metres, ticks)

    def go(self) -> NDArray[np.float32]:
        """See `Car.go`."""
        given = self._actions[self._next : self._next + STRETCH]
        padded = np.zeros((STRETCH, 2), np.int8)
        padded[: len(given)] = given
        self._episode, rows = _steered(self._form, self._bank, self._episode, padded, len(given))
        self.objects = self._episode.objects
        made = np.asarray(rows)
        made = made[made[:, AT["alive"]] > 0.0]
        self._next += len(made)
        return made


class _Form(NamedTuple):
    """All that is fixed while recorded actions are followed."""

    shape: tuple[int, int]  # cells of the grid
    max_ticks: int
    laps: int
    race: RaceType


def _trial(form: _Form, bank: Bank) -> time_trial.TimeTrial:
    return time_trial.make(bank, form.shape, form.max_ticks, form.laps, form.race)


@partial(jax.jit, static_argnums=0)
def _begin(form: _Form, bank: Bank, share: Array, objects: Objects) -> Episode:
    return jax.vmap(_trial(form, bank).begin)(share, objects)


@partial(jax.jit, static_argnums=0)
def _steered(
    form: _Form, bank: Bank, episode: Episode, actions: Array, count: Array
) -> tuple[Episode, Array]:
    """Follow the first `count` actions (STRETCH, 2) in an episode (1,); also rows (STRETCH, len(ROW))."""
    trial = _trial(form, bank)

    def tick(episode: Episode, given: tuple[Array, Array]) -> tuple[Episode, Array]:
        command = given[0].astype(jnp.float32) * (1.0 / 127.0)
        alive = (episode.status == Status.IN_PROGRESS) & (given[1] < count)
        moved = keep(alive, jax.vmap(trial.tick, (0, None))(episode, command), episode)
        motion, none = moved.state.motion, jnp.zeros(1)
        row = [motion.x, motion.y, motion.c, motion.s, moved.metres, moved.step, moved.status, none]
        row += [none, command[:1], command[1:], alive]
        row += [moved.state.boxes.ravel()] if form.race.moving else []
        return moved, jnp.concatenate([part.astype(jnp.float32) for part in row])

    return jax.lax.scan(tick, episode, (actions, jnp.arange(STRETCH)))


class Clock:
    """Turns the way of a car into lap times."""

    def __init__(self, length_m: float, laps: int) -> None:
        self.length_m, self._laps = length_m, laps
        self.ticks = 0
        self.penalty_ms = 0
        self.crossed_ms: list[int] = []

    def run(self, before: float, metres: np.ndarray) -> None:
        """Take in metres (T,) after each of T ticks that began at `before`."""
        for after in metres.tolist():
            self.ticks += 1
            line = (len(self.crossed_ms) + 1) * self.length_m
            if len(self.crossed_ms) < self._laps and after >= line:
                driven_s = line_crossing_s(line, (before, after), self.ticks)
                self.crossed_ms.append(round(1000.0 * driven_s) + self.penalty_ms)
            before = after


def result_of(clock: Clock, rules: RaceRules, stops: list[Stop], metres: float) -> Race:
    """The result of a race whose car came `metres` far from the start."""
    laps = np.diff([0, *clock.crossed_ms]).tolist()
    windows = [sum(laps[at : at + rules.consecutive]) for at in range(len(laps) - rules.consecutive + 1)]
    finished = len(laps) == rules.laps
    crashes = sum(stop.crashed for stop in stops)
    return Race(
        finished=finished,
        laps_ms=laps,
        total_ms=sum(laps) if finished else None,
        best_ms=min(laps, default=None),
        average_ms=min(windows) // rules.consecutive if windows else None,
        off_tracks=len(stops) - crashes,
        crashes=crashes,
        progress=100.0 * min(1.0, metres / (rules.laps * clock.length_m)),
    )
