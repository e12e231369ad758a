"""Contact between cars: rectangles are pushed apart and closing speed is lost. Pure, in JAX.

Two cars that overlap are pushed apart by half each along the axis on which they overlap least (separating
axes), pair after pair until no two overlap. What closes is answered by the impulse of two free bodies of
equal mass; a car moves only along its heading, so tyres take up what the impulse does across it. Neither step
adds kinetic energy, and cars that point the same way keep their momentum. Contact turns no car.
"""

from itertools import combinations

import jax
import jax.numpy as jnp
from jax import Array

from manyhands.envs.racer.car import Motion
from manyhands.envs.racer.obstacles import CAR_HALF_M, overlaps
from manyhands.envs.racer.time_trial import CENTRE_AHEAD_M

RESTITUTION = 0.2
"""share of the closing speed with which two cars part"""
SLACK_M = 1e-4
"""left between cars that a first push parted; a float32 holds it 100 m from the origin"""
MOST_SWEEPS = 400
"""over all pairs; a heap of eight takes a few dozen"""


def boxes_of(motion: Motion) -> Array:
    """Middles and headings (N, 4) of cars (N,): x, y, cos, sin."""
    x, y = motion.x + CENTRE_AHEAD_M * motion.c, motion.y + CENTRE_AHEAD_M * motion.s
    return jnp.stack([x, y, motion.c, motion.s], axis=-1)


def part(motion: Motion, solid: Array) -> tuple[Motion, Array]:
    """Cars (N,) after contact, and which of them touched (N, N) bool.

    solid: (N,) bool, cars that can be touched; the others stay as they are.
    """
    pairs = list(combinations(range(solid.shape[0]), 2))
    touched = jnp.zeros((len(solid), len(solid)), bool)
    if not pairs:
        return motion, touched

    def sweep(carry: tuple[Motion, Array, Array, Array]) -> tuple[Motion, Array, Array, Array]:
        def one(at: Array, carry: tuple[Motion, Array, Array]) -> tuple[Motion, Array, Array]:
            moved, touched, any_ = carry
            first, second = order[at]
            moved, met = _pair(moved, (first, second), solid[first] & solid[second], slack)
            touched = touched.at[first, second].max(met).at[second, first].max(met)
            return moved, touched, any_ | met

        moved, touched, _, number = carry
        # Heaps that give way only to close again elsewhere are opened by pushing a little further each time.
        slack = SLACK_M * (1.0 + number.astype(jnp.float32))
        begun = (moved, touched, jnp.zeros((), bool))
        return *jax.lax.fori_loop(0, len(pairs), one, begun), number + 1

    order = jnp.asarray(pairs, jnp.int32)
    begun = (motion, touched, jnp.ones((), bool), jnp.int32(0))
    moved, touched, _, _ = jax.lax.while_loop(lambda carry: carry[2] & (carry[3] < MOST_SWEEPS), sweep, begun)
    return moved, touched


def _pair(motion: Motion, pair: tuple[Array, Array], solid: Array, slack: Array) -> tuple[Motion, Array]:
    """Push two of the cars apart, by `slack` metres more than they overlap; also whether they did."""
    first, second = pair
    both = jnp.stack(pair)
    boxes = boxes_of(Motion(*(value[both] for value in motion)))
    met = solid & overlaps(boxes[0], boxes[1:], CAR_HALF_M)[0]
    normal, depth = _least_overlap(boxes[0], boxes[1])
    push = jnp.where(met, 0.5 * (depth + slack), 0.0)
    headings = boxes[:, 2:] @ normal  # (2,) how far each points along the normal
    closing = motion.v[first] * headings[0] - motion.v[second] * headings[1]
    impulse = jnp.where(met, 0.5 * (1.0 + RESTITUTION) * jnp.maximum(closing, 0.0), 0.0)
    sides = jnp.array([-1.0, 1.0], jnp.float32)
    return motion._replace(
        x=motion.x.at[both].add(sides * push * normal[0]),
        y=motion.y.at[both].add(sides * push * normal[1]),
        v=motion.v.at[both].add(sides * impulse * headings),
    ), met


def _least_overlap(car: Array, other: Array) -> tuple[Array, Array]:
    """Unit vector (2,) from one box (4,) to another along which they overlap least, and how far."""
    length, width = CAR_HALF_M
    gap = other[:2] - car[:2]
    axes = jnp.stack([car[2:], _left(car), other[2:], _left(other)])
    reach = sum(length * jnp.abs(axes @ box[2:]) + width * jnp.abs(axes @ _left(box)) for box in (car, other))
    along = axes @ gap
    depth = reach - jnp.abs(along)
    least = jnp.argmin(depth)
    return jnp.where(along[least] < 0.0, -axes[least], axes[least]), depth[least]


def _left(box: Array) -> Array:
    return jnp.stack([-box[3], box[2]])
