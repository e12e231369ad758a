"""When an episode ends, where it begins, and what a lap takes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from manyhands.envs.racer import time_trial, tracks
from manyhands.envs.racer.time_trial import CENTRE_AHEAD_M, Episode, Status, TimeTrial
from manyhands.envs.racer.tracks import Track

ROAD = tracks.track("kidney")


def trial(road: Track = ROAD, max_ticks: int = 600) -> TimeTrial:
    shape = road.distance.shape
    return time_trial.make(time_trial.bank_of(road), (shape[0], shape[1]), max_ticks)


def driven(rules: TimeTrial, episode: Episode, command: list[float]) -> Episode:
    """The episode after the same command until it ends."""

    def goes_on(now: Episode) -> jax.Array:
        return now.status == Status.IN_PROGRESS

    return jax.jit(
        lambda now: jax.lax.while_loop(goes_on, lambda e: rules.tick(e, jnp.array(command, jnp.float32)), now)
    )(episode)


@pytest.mark.parametrize("share", [0.0, 0.333, 0.999])
def test_an_episode_begins_at_rest_on_the_centre_line(share: float) -> None:
    motion = trial().begin(jnp.float32(share)).state.motion
    centre = np.array([motion.x + CENTRE_AHEAD_M * motion.c, motion.y + CENTRE_AHEAD_M * motion.s])
    after = int(share * len(ROAD.centre))
    between = share * len(ROAD.centre) - after
    wanted = (1 - between) * ROAD.centre[after] + between * ROAD.centre[(after + 1) % len(ROAD.centre)]
    assert np.abs(centre - wanted).max() < 1e-3
    assert float(motion.v) == 0.0


def test_a_car_that_goes_straight_leaves_the_road_with_all_wheels() -> None:
    rules = trial()
    last = driven(rules, rules.begin(jnp.float32(0.0)), [0.0, 0.0])
    assert Status(int(last.status)) == Status.OFF_TRACK
    assert not np.asarray(rules.wheels_on_road(last.state)).any()
    assert 0.0 < float(last.metres) < ROAD.length_m


def crossing(into: int) -> Episode:
    """Crossroads: at the middle of the crossing at 1 m/s, heading along the branch that is driven then, or,
    with -1, into the one that crosses it, against its direction."""
    road = tracks.track("crossroads")
    points = len(road.centre)
    gap = np.hypot(*(road.centre[:, None] - road.centre[None]).T)
    apart = np.abs(np.arange(points)[:, None] - np.arange(points)) % points
    first, second = np.divmod(np.where((apart > 40) & (apart < points - 40), gap, np.inf).argmin(), points)
    begun = trial(road).begin(jnp.float32(min(first, second) / points))
    ahead = road.tangent[first] if into > 0 else -road.tangent[max(first, second)]
    motion = begun.state.motion._replace(c=jnp.float32(ahead[0]), s=jnp.float32(ahead[1]), v=jnp.float32(1.0))
    return begun._replace(state=begun.state._replace(motion=motion))


def test_a_car_that_turns_into_a_crossing_branch_has_left_its_road() -> None:
    rules = trial(tracks.track("crossroads"))
    straight, astray = (driven(rules, crossing(into), [0.0, -0.5]) for into in (1, -1))
    assert Status(int(astray.status)) == Status.OFF_TRACK
    # The way of a metre and a half on a branch that leads away at 58 degrees, not of the whole branch.
    assert float(astray.metres) < 1.2
    assert np.asarray(rules.wheels_on_road(astray.state)).all()
    assert float(straight.metres) > 3.0


def test_time_is_up_after_the_longest_episode() -> None:
    rules = trial(max_ticks=7)
    last = driven(rules, rules.begin(jnp.float32(0.0)), [0.0, -1.0])
    assert (Status(int(last.status)), int(last.step)) == (Status.TIME_UP, 7)


def test_a_car_that_turns_round_is_stopped_after_a_second() -> None:
    rules = trial()
    begun = rules.begin(jnp.float32(0.5))
    motion = begun.state.motion
    back = begun._replace(state=begun.state._replace(motion=motion._replace(c=-motion.c, s=-motion.s)))
    last = driven(rules, back, [0.0, -0.9])
    assert (Status(int(last.status)), int(last.step)) == (Status.REVERSED, 15)


def test_a_car_that_stands_is_stopped_after_a_second() -> None:
    rules = trial()
    begun = rules.begin(jnp.float32(0.5))
    # The slowest target is .1 m/s, so only a car that is held can stand.
    held = rules.racer.car._replace(max_accel_mps2=0.0)
    object.__setattr__(rules.racer, "car", held)
    last = driven(rules, begun, [0.0, -1.0])
    assert (Status(int(last.status)), int(last.step)) == (Status.IMMOBILIZED, 15)


def test_the_lap_is_complete_when_its_length_is_driven() -> None:
    rules = trial()
    begun = rules.begin(jnp.float32(0.25))._replace(metres=jnp.float32(ROAD.length_m - 0.05))
    last = driven(rules, begun, [0.0, 0.0])
    assert Status(int(last.status)) == Status.LAP_COMPLETE
    assert float(last.before) < ROAD.length_m <= float(last.metres)


def test_the_line_is_crossed_within_a_tick() -> None:
    assert time_trial.line_crossing_s(10.0, (9.9, 10.1), 30) == pytest.approx(29.5 / 15)
    assert time_trial.line_crossing_s(10.0, (9.9, 10.0), 30) == pytest.approx(2.0)


def test_a_turned_road_runs_back_from_the_same_line() -> None:
    back = tracks.turned(ROAD)
    assert (back.centre[0] == ROAD.centre[0]).all()
    assert (back.centre[1] == ROAD.centre[-1]).all()
    assert np.allclose(back.tangent[0], -ROAD.tangent[0])
    again = tracks.turned(back)
    assert (again.centre == ROAD.centre).all()
    assert (again.half_width == ROAD.half_width).all()
