"""Cars that touch: none overlap afterwards, and none has gained."""

from __future__ import annotations

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyhands.envs.racer import contact
from manyhands.envs.racer.car import Motion
from manyhands.envs.racer.obstacles import CAR_HALF_M, overlaps

COUNT = 8


@jax.jit
def who_overlap(motion: Motion) -> jax.Array:
    boxes = contact.boxes_of(motion)
    return jax.vmap(lambda box: overlaps(box, boxes, CAR_HALF_M))(boxes)


part = jax.jit(contact.part)
THOUSANDTHS = st.integers(-600, 600).map(lambda value: value / 1000)
# No subnormal speeds: compiled arithmetic makes them 0, also where it adds nothing.
SPEED = st.floats(-1.0, 4.0, width=32, allow_subnormal=False)
CAR = st.tuples(THOUSANDTHS, THOUSANDTHS, st.floats(-3.1, 3.1), SPEED)


def motion_of(cars: list[tuple[float, float, float, float]]) -> Motion:
    x, y, angle, v = np.array(cars, np.float32).T
    none = jnp.zeros(len(cars))
    parts = (x + np.float32(5), y + np.float32(5), np.cos(angle), np.sin(angle), v)
    return Motion(*(jnp.asarray(part) for part in parts), none, none)


def overlapping(motion: Motion, solid: np.ndarray) -> list[tuple[int, int]]:
    table = np.asarray(who_overlap(motion))
    return [(a, b) for a, b in combinations(range(len(table)), 2) if solid[a] and solid[b] and table[a, b]]


@settings(max_examples=150, deadline=None)
@given(st.lists(CAR, min_size=COUNT, max_size=COUNT), st.lists(st.booleans(), min_size=COUNT, max_size=COUNT))
def test_nobody_overlaps_and_no_energy_is_gained(
    cars: list[tuple[float, float, float, float]], touchable: list[bool]
) -> None:
    before, solid = motion_of(cars), np.array(touchable)
    after, touched = part(before, jnp.asarray(solid))
    assert overlapping(after, solid) == []
    energy = [float((np.asarray(motion.v, np.float64) ** 2).sum()) for motion in (before, after)]
    assert energy[1] <= energy[0] * (1.0 + 1e-5)
    for was, now in zip(before, after, strict=True):
        assert (np.asarray(was)[~solid] == np.asarray(now)[~solid]).all()
    assert (np.asarray(touched) == np.asarray(touched).T).all()
    assert not np.asarray(touched)[~solid].any()


@settings(max_examples=100, deadline=None)
@given(st.floats(0.2, 0.32), st.floats(-0.05, 0.05), st.floats(0.0, 4.0), st.floats(0.0, 4.0))
def test_cars_in_line_keep_their_momentum_and_part(
    gap: float, aside: float, behind: float, ahead: float
) -> None:
    before = motion_of([(0.0, 0.0, 0.0, behind), (gap, aside, 0.0, ahead)])
    after, touched = part(before, jnp.ones(2, bool))
    assert np.asarray(touched)[0, 1]
    v = np.asarray(after.v, np.float64)
    assert v.sum() == pytest.approx(behind + ahead, abs=1e-5)
    if np.asarray(after.y)[0] == np.asarray(before.y)[0]:  # else they met side by side
        closing = behind - ahead
        assert v[1] - v[0] == pytest.approx(
            contact.RESTITUTION * closing if closing > 0 else -closing, abs=1e-5
        )


def test_both_are_pushed_alike() -> None:
    before = motion_of([(0.0, 0.0, 0.3, 0.0), (0.25, 0.05, 0.9, 0.0)])
    after, _ = part(before, jnp.ones(2, bool))
    for name in ("x", "y"):
        moved = np.asarray(getattr(after, name)) - np.asarray(getattr(before, name))
        assert moved[0] == pytest.approx(-moved[1], abs=2e-6)
        assert moved[0] != 0.0
