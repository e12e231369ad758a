"""Episodes as DeepRacer's: one car on a road, from a point of the centre line until it is done or out.

It is alone, or there are boxes or bot cars (`race_types`), and touching one ends the episode.

The rules, the car and the sensors are those of `racer-v0`; what is added is when an episode ends. The point
that the rules move is near the rear axle: the centre of the real model lies CENTRE_AHEAD_M before it, and its
front, of which progress is measured, FRONT_AHEAD_M, which was fitted to recorded drives
(benchmarks/calibration.py).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from manyhands.envs.racer import obstacles
from manyhands.envs.racer.car import Motion
from manyhands.envs.racer.obstacles import NOTHING, Objects
from manyhands.envs.racer.race_types import TIME_TRIAL, RaceType
from manyhands.envs.racer.rules import TICKS_PER_S, Bank, Conditions, Racer, State, stack
from manyhands.envs.racer.tracks import Track

CENTRE_AHEAD_M = 0.07
FRONT_AHEAD_M = 0.21
# Wheels against the centre of the model: axles .0823 m before and .0817 m behind it, .16 m between the sides.
WHEELS_M = np.array([[0.0823, 0.08], [0.0823, -0.08], [-0.0817, 0.08], [-0.0817, -0.08]], np.float32)
WHEEL_REACH_M = 0.2
"""a little more than the furthest wheel is from the point that the rules move"""
STILL_M = 0.0003
PATIENCE_TICKS = 15
START_STEP = 0.05
"""share of the lap by which each training episode starts after the one before"""
CAR = "deepracer"


class Status(IntEnum):
    """How an episode stands after a tick."""

    IN_PROGRESS = 0
    OFF_TRACK = 1
    CRASHED = 2
    LAP_COMPLETE = 3
    IMMOBILIZED = 4
    REVERSED = 5
    TIME_UP = 6


class Episode(NamedTuple):
    """One running episode."""

    state: State
    metres: Array  # () float32, way of the car's front along the centre line since the start
    before: Array  # () float32, the same before the last tick
    step: Array  # () int32, ticks driven
    still: Array  # () int32, ticks in a row without moving
    back: Array  # () int32, ticks in a row with falling progress
    status: Array  # () int32, Status after the last tick
    objects: Objects


@dataclass(frozen=True, eq=False)
class TimeTrial:
    """Episodes on one road; every method is pure and works on a single episode."""

    racer: Racer
    max_ticks: int
    laps: int = 1
    race: RaceType = TIME_TRIAL

    @property
    def length_m(self) -> Array:
        """Length of the lap."""
        return self.racer.bank.spacing[0] * self.racer.bank.half_width.shape[1]

    def begin(self, share: Array, objects: Objects = NOTHING) -> Episode:
        """At rest on the centre line, heading along it, at a share [0, 1) of the lap from the start line.

        objects: as many as the race type has.
        """
        bank = self.racer.bank
        points = bank.half_width.shape[1]
        at = share * points
        waypoint = jnp.floor(at).astype(jnp.int32) % points
        into = at - jnp.floor(at)
        centre, tangent = bank.centre[0, waypoint], bank.tangent[0, waypoint]
        place = centre + into * (bank.centre[0, (waypoint + 1) % points] - centre) - CENTRE_AHEAD_M * tangent
        zero, none = jnp.zeros((), jnp.float32), jnp.zeros((), jnp.int32)
        state = State(
            track=none,
            waypoint=waypoint,
            along=((place - centre) * tangent).sum(),
            motion=Motion(place[0], place[1], tangent[0], tangent[1], zero, zero, zero),
            boxes=self._boxes(objects),
            patches=jnp.array([[-100.0, 0.0, 0.0, 1.0]], jnp.float32),
            light=jnp.array([1.0, 0.0, 0.0, 0.0], jnp.float32),
        )
        front = zero + (FRONT_AHEAD_M - CENTRE_AHEAD_M)
        return Episode(state, front, front, none, none, none, none, objects)

    def _boxes(self, objects: Objects) -> Array:
        """Poses of the objects (K, 4); where there are none, of one far outside the grid."""
        if self.race.objects == 0:
            return jnp.array([[-100.0, 0.0, 1.0, 0.0]], jnp.float32)
        return obstacles.poses(self.race, self.racer.bank, objects)

    def hits(self, state: State) -> Array:
        """Which of the objects (K,) the car's box overlaps."""
        motion = state.motion
        x = motion.x + CENTRE_AHEAD_M * motion.c
        y = motion.y + CENTRE_AHEAD_M * motion.s
        half, _ = obstacles.halves(self.race)
        return obstacles.overlaps(jnp.stack([x, y, motion.c, motion.s]), state.boxes, half)

    def tick(self, episode: Episode, command: Array) -> Episode:
        """One control tick with a command (2,) float32 in [-1, 1]."""
        before = episode.state
        state, passed, _ = self.racer.advance(before, command)
        objects = obstacles.driven(self.race, self.racer.bank, episode.objects)
        if self.race.moving:
            state = state._replace(boxes=self._boxes(objects))
        return self.judged(episode._replace(objects=objects), state, passed)

    def judged(self, episode: Episode, state: State, passed: Array) -> Episode:
        """The episode after a tick in which its car came to `state` and made `passed` metres."""
        before = episode.state
        gone_x, gone_y = state.motion.x - before.motion.x, state.motion.y - before.motion.y
        stands = gone_x * gone_x + gone_y * gone_y < STILL_M * STILL_M
        metres, step = episode.metres + passed, episode.step + 1
        still = jnp.where(stands, episode.still + 1, 0)
        back = jnp.where(passed < 0.0, episode.back + 1, 0)
        status = jnp.select(
            [
                metres >= self.laps * self.length_m,
                ~self.wheels_on_road(state).any() | self.strayed(state),
                self.hits(state).any() if self.race.objects else jnp.zeros((), bool),
                still >= PATIENCE_TICKS,
                back >= PATIENCE_TICKS,
                step >= self.max_ticks,
            ],
            [
                jnp.int32(Status.LAP_COMPLETE),
                jnp.int32(Status.OFF_TRACK),
                jnp.int32(Status.CRASHED),
                jnp.int32(Status.IMMOBILIZED),
                jnp.int32(Status.REVERSED),
                jnp.int32(Status.TIME_UP),
            ],
            jnp.int32(Status.IN_PROGRESS),
        )
        return Episode(state, metres, episode.metres, step, still, back, status, episode.objects)

    def strayed(self, state: State) -> Array:
        """Whether the car is too far from its stretch of the road for any wheel to stand on it.

        Where a road crosses itself a car could turn into the other branch: all wheels on the road, and
        progress along the branch that it left, until it met that one's end the wrong way round.
        """
        bank, motion = self.racer.bank, state.motion
        point, tangent = bank.centre[0, state.waypoint], bank.tangent[0, state.waypoint]
        aside = (motion.y - point[1]) * tangent[0] - (motion.x - point[0]) * tangent[1]
        return jnp.abs(aside) > bank.half_width[0, state.waypoint] + WHEEL_REACH_M

    def wheels_on_road(self, state: State) -> Array:
        """Which of the wheels (4,) stand on the road, front left, front right, rear left, rear right."""
        motion = state.motion
        ahead, left = WHEELS_M[:, 0] + CENTRE_AHEAD_M, WHEELS_M[:, 1]
        x = motion.x + ahead * motion.c - left * motion.s
        y = motion.y + ahead * motion.s + left * motion.c
        return self.racer.on_road(state, x, y)


def bank_of(track: Track) -> Bank:
    """The road as arrays, to be handed to compiled programs."""
    return stack([track])


def make(
    bank: Bank, shape: tuple[int, int], max_ticks: int, laps: int = 1, race: RaceType = TIME_TRIAL
) -> TimeTrial:
    """Races on a bank of one road whose grid has `shape`; may be called while tracing."""
    conditions = Conditions(car=CAR, boxes=0, patch_grip=1.0, light=0.0)
    _, seen = obstacles.halves(race)
    return TimeTrial(Racer(bank, shape, conditions, seen), max_ticks, laps, race)


def line_crossing_s(length_m: float, metres: tuple[float, float], step: int) -> float:
    """Seconds from the start at which the line was crossed within tick `step`.

    metres: before and after that tick; within it the car is taken to keep its speed.
    """
    before, after = metres
    return (step - 1 + (length_m - before) / (after - before)) / TICKS_PER_S
