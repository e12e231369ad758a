"""Head to head: two to eight policies on one road at once, which see and touch one another.

All run by one clock, from a grid behind the start line in the order of entry. A car that leaves the road,
stands still or turns round waits out its penalty, in whole ticks, where it is put back on the centre line.
Until it drives again and overlaps nobody, others neither touch nor see it; the same holds once it is done.
Contact costs the speed that it takes and no penalty. The same policies take the same times again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.racer import contact, task, time_trial, tracks
from manyhands.envs.racer.car import Motion
from manyhands.envs.racer.obstacles import CAR_HALF_M, overlaps
from manyhands.envs.racer.rules import TICKS_PER_S, Bank, Conditions, Racer
from manyhands.envs.racer.time_trial import Episode, Status, TimeTrial
from manyhands.envs.racer.tracks import Track
from manyhands.errors import InputError
from manyhands.garage import driving, evaluation, replays
from manyhands.garage.driving import Driver, Weights
from manyhands.garage.evaluation import START_M, Race
from manyhands.garage.race_rules import DEFAULT_RULES, RaceRules
from manyhands.garage.replays import FEWEST, MOST
from manyhands.policies import network
from manyhands.policies.files import Policy
from manyhands.policies.simulate import keep
from manyhands.types import Json

ROW_M = 0.5
"""between two rows of the grid, a car each; the rows stand left and right by turns"""
SIDE = 0.5
"""of a car on the grid, as a share of the half width"""
_LOOK = 64  # ticks between two looks whether all are done: each waits for the computer
_FAR = (-100.0, 0.0, 1.0, 0.0)  # where a car is put that is not to be seen


@dataclass(frozen=True)
class Result:
    """How one car's race went. entry: its place in the order of entry, from 0.

    place: by the total time of the laps, equal for equal milliseconds; None without all laps. race: as alone,
    but off_tracks and penalties are inside the laps' time in whole ticks, and crashes are contacts, without
    penalty.
    """

    entry: int
    place: int | None
    race: Race


@dataclass(frozen=True, eq=False)
class HeadToHead:
    """A race of N cars.

    results: of each car, the first place first, those without one by progress. poses: (ticks, N, 4) float32
    in the order of entry, after each tick x and y in metres and the heading as a unit vector. metres: (ticks,
    N) float32, of the car's front from the start line on, over all laps. contacts: (ticks, N) int32, begun so
    far. shown: (ticks, N) bool, whether others could touch and see the car.
    """

    results: list[Result]
    poses: NDArray[np.float32]
    metres: NDArray[np.float32]
    contacts: NDArray[np.int32]
    shown: NDArray[np.bool_]


class Cars(NamedTuple):
    """N cars under way."""

    episodes: Episode  # (N,)
    wait: Array  # (N,) int32, ticks of penalty left
    solid: Array  # (N,) bool, can be touched and seen
    touched: Array  # (N, N) bool, in the last tick
    contacts: Array  # (N,) int32, begun so far
    resets: Array  # (N,) int32


class _Form(NamedTuple):
    """All that is fixed while a race is compiled."""

    shape: tuple[int, int]  # cells of the grid
    max_ticks: int
    laps: int
    penalty_ticks: int
    most_resets: int

    def trial(self, bank: Bank) -> TimeTrial:
        """The rules for one car, which sees boxes of a car's size."""
        conditions = Conditions(car=time_trial.CAR, boxes=0, patch_grip=1.0, light=0.0)
        return TimeTrial(Racer(bank, self.shape, conditions, CAR_HALF_M), self.max_ticks, self.laps)


def race(
    policies: Sequence[Policy], track: Track, rules: RaceRules = DEFAULT_RULES, *, turned: bool = False
) -> HeadToHead:
    """Drive policies against one another on a road, or on the road driven backwards.

    rules: as of a race alone, but limit_s holds for the race's clock, penalties counted.
    Raises InputError for too few or too many, and else as `driving.driver_of`.
    """
    if not FEWEST <= len(policies) <= MOST:
        raise InputError(
            f"{len(policies)} policies cannot race head to head.",
            field="policies",
            remedy=f"Give {FEWEST} to {MOST}.",
        )
    road = tracks.turned(track) if turned else track
    if len(policies) * ROW_M > road.length_m:
        raise InputError(
            f"{len(policies)} cars do not fit on {road.length_m:.1f} m of road.",
            field="track",
            remedy=f"Choose one of at least {len(policies) * ROW_M:g} m.",
        )
    ticks = rules.limit_s * TICKS_PER_S
    drivers = [driving.driver_of(policy, road, ticks, rules.laps) for policy in policies]
    penalty = -(-rules.off_track_ms * TICKS_PER_S // 1000)
    form = _Form(drivers[0][0].shape, ticks, rules.laps, penalty, rules.most_resets)
    return _result(_drive(form, time_trial.bank_of(road), drivers), road, rules)


class _Driven(NamedTuple):
    """What is kept of a race: (ticks, N, ...), and the cars at its end."""

    poses: NDArray[np.float32]
    metres: NDArray[np.float32]
    contacts: NDArray[np.int32]
    shown: NDArray[np.bool_]
    cars: Cars


def _drive(form: _Form, bank: Bank, drivers: Sequence[tuple[Driver, Weights]]) -> _Driven:
    cars = _grid(form, bank, len(drivers))
    rows: list[tuple[Array, ...]] = []
    while len(rows) < form.max_ticks:
        given = [
            _command(form, driver, bank, weights, cars.episodes, np.int32(number))
            for number, (driver, weights) in enumerate(drivers)
        ]
        cars, row = _tick(form, bank, cars, given)
        rows.append(row)
        if len(rows) % _LOOK == 0 and not (np.asarray(cars.episodes.status) == Status.IN_PROGRESS).any():
            break
    poses, metres, contacts, shown, running = (
        np.stack([np.asarray(row[at]) for row in rows]) for at in range(5)
    )
    last = int(running.any(axis=1).sum())  # ticks that began with a car under way come first
    return _Driven(poses[:last], metres[:last], contacts[:last], shown[:last], cars)


@partial(jax.jit, static_argnums=(0, 2))
def _grid(form: _Form, bank: Bank, count: int) -> Cars:
    """Cars at rest in staggered rows behind the start line."""
    trial = form.trial(bank)
    number = jnp.arange(count)
    behind = number.astype(jnp.float32) * ROW_M
    episodes = jax.vmap(trial.begin)((-behind / trial.length_m) % 1.0)
    state = episodes.state
    side = jnp.where(number % 2 == 0, SIDE, -SIDE) * bank.half_width[0, state.waypoint]
    motion = state.motion._replace(
        x=state.motion.x - side * state.motion.s, y=state.motion.y + side * state.motion.c
    )
    episodes = episodes._replace(state=state._replace(motion=motion), metres=START_M - behind)
    none = jnp.zeros(count, jnp.int32)
    solid = jnp.ones(count, bool)
    cars = Cars(episodes, none, solid, jnp.zeros((count, count), bool), none, none)
    return _seeing(cars)


def _seeing(cars: Cars) -> Cars:
    """The same cars, each seeing boxes where the others are that can be seen."""
    boxes = contact.boxes_of(cars.episodes.state.motion)
    others = cars.solid[None, :] & ~jnp.eye(len(boxes), dtype=bool)
    seen = jnp.where(others[:, :, None], boxes[None], jnp.array(_FAR, jnp.float32))
    return cars._replace(episodes=cars.episodes._replace(state=cars.episodes.state._replace(boxes=seen)))


@partial(jax.jit, static_argnums=(0, 1))
def _command(
    form: _Form, driver: Driver, bank: Bank, weights: Weights, episodes: Episode, number: Array
) -> Array:
    """What a policy tells its car, (2,), greedily."""
    state = jax.tree.map(lambda part: part[number], episodes.state)
    seen = task.seen(form.trial(bank).racer, driver.sensor, state)
    features = driving.encode(driver.spec, weights, jax.tree.map(lambda part: part[None], seen))
    return driver.command(driver.greedy(network.head(driver.spec, weights["policy"], features)))[0]


@partial(jax.jit, static_argnums=0)
def _tick(form: _Form, bank: Bank, cars: Cars, commands: list[Array]) -> tuple[Cars, tuple[Array, ...]]:
    """All cars a tick later; also poses (N, 4), metres, contacts, who is shown, who was racing before it."""
    trial, before = form.trial(bank), cars.episodes
    racing = before.status == Status.IN_PROGRESS
    drives = racing & (cars.wait == 0)
    rolled = jax.vmap(trial.racer.roll)(before.state, jnp.stack(commands))
    rolled = keep(drives, rolled, before.state.motion)
    solid = _solid(rolled, cars.solid & drives, drives)
    motion, touched = contact.part(rolled, solid)
    state, passed = jax.vmap(trial.racer.follow)(before.state, motion)
    after = keep(drives, jax.vmap(trial.judged)(before, state, passed), before)
    # The clock runs for those who wait, too.
    step = jnp.where(racing, before.step + 1, before.step)
    late = racing & ~drives & (step >= form.max_ticks)
    status = jnp.where(late, Status.TIME_UP, after.status)
    out = drives & (status != Status.IN_PROGRESS)
    out &= (status != Status.LAP_COMPLETE) & (status != Status.TIME_UP)
    resets = cars.resets + out
    back = out & (resets <= form.most_resets)
    share = ((after.metres - START_M) / trial.length_m) % 1.0
    fresh = jax.vmap(trial.begin)(share)._replace(metres=after.metres)
    fresh = fresh._replace(state=fresh.state._replace(boxes=after.state.boxes))
    episodes = keep(back, fresh, after._replace(status=status))._replace(step=step)
    met = touched & ~cars.touched
    moved = Cars(
        episodes=episodes,
        wait=jnp.where(back, form.penalty_ticks, jnp.maximum(cars.wait - 1, 0)),
        solid=solid & (episodes.status == Status.IN_PROGRESS) & ~back,
        touched=touched,
        contacts=cars.contacts + met.sum(-1),
        resets=resets,
    )
    at = moved.episodes.state.motion
    poses = jnp.stack([at.x, at.y, at.c, at.s], axis=-1)
    return _seeing(moved), (poses, moved.episodes.metres, moved.contacts, moved.solid, racing)


def _solid(motion: Motion, solid: Array, drives: Array) -> Array:
    """Which cars can be touched: those that could be, and those that now drive and overlap none of them."""
    boxes = contact.boxes_of(motion)
    for number in range(len(boxes)):
        free = ~(overlaps(boxes[number], boxes, CAR_HALF_M) & solid).any()
        solid = solid.at[number].set(solid[number] | (drives[number] & free))
    return solid


def _result(driven: _Driven, road: Track, rules: RaceRules) -> HeadToHead:
    resets, touched = np.asarray(driven.cars.resets), np.asarray(driven.cars.contacts)
    races = []
    for number in range(len(resets)):
        clock, metres = evaluation.Clock(road.length_m, rules.laps), driven.metres[:, number]
        clock.run(START_M - ROW_M * number, metres)
        found = evaluation.result_of(clock, rules, [], max(0.0, float(metres[-1])))
        races.append(replace(found, off_tracks=int(resets[number]), crashes=int(touched[number])))
    return HeadToHead(ranked(races), driven.poses, driven.metres, driven.contacts, driven.shown)


def replay_of(race: HeadToHead) -> Json:
    """JSON form of the way that was driven: ticks_per_s and cars in the order of entry.

    A car has, for each tick, what `replays.COLUMNS` names.
    """
    return replays.plain(packed(race), race.shown.shape[1])


def packed(race: HeadToHead) -> bytes:
    """The way that was driven, as `replays.plain` reads it."""
    x, y, c, s = np.moveaxis(race.poses.astype(np.float64), -1, 0)
    columns = (x, y, np.arctan2(s, c), race.metres.astype(np.float64))
    whole = [np.rint(1000.0 * values) for values in columns]
    return np.stack([*whole, race.contacts, race.shown], axis=-1).astype("<i4").tobytes()


def ranked(races: Sequence[Race]) -> list[Result]:
    """Results of races in the order of entry, the first place first.

    Those without a total time follow, by progress; what is equal stays in the order of entry.
    """

    def key(entry: int) -> tuple[bool, float]:
        total_ms = races[entry].total_ms
        return total_ms is None, -races[entry].progress if total_ms is None else total_ms

    times = [one.total_ms for one in races if one.total_ms is not None]
    return [
        Result(entry, None if total_ms is None else 1 + sum(time < total_ms for time in times), races[entry])
        for entry in sorted(range(len(races)), key=key)
        for total_ms in [races[entry].total_ms]
    ]
