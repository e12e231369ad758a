"""What a policy sees of a state, in JAX; `sight` says what the numbers mean."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import Array

from manyhands.envs.snake.board import Board
from manyhands.envs.snake.rules import State, ahead
from manyhands.envs.snake.sight import HEADINGS, LONGEST, offsets


def features(board: Board, state: State) -> Array:
    """The thirteen features, (13,) float32."""
    deadly = jnp.stack([ahead(board, state, jnp.int32(turn))[2] for turn in (0, 1, -1)])
    right = state.food % board.width - state.head % board.width
    down = state.food // board.width - state.head // board.width
    flags = jnp.concatenate(
        [
            deadly,
            state.heading == jnp.asarray(HEADINGS),
            jnp.stack([right < 0, right > 0, down < 0, down > 0]),
        ]
    )
    x, y = right.astype(jnp.float32), down.astype(jnp.float32)
    angle = jnp.arctan2(y, x) * (0.5 / math.pi)
    distance = jnp.sqrt(x * x + y * y) * (1.0 / math.hypot(board.width, board.height))
    return jnp.concatenate([flags.astype(jnp.float32), jnp.stack([angle, distance])])


def window(board: Board, state: State) -> Array:
    """The window around the head, (243,) float32."""
    around = jnp.asarray(offsets())[state.heading]
    column = state.head % board.width + around[:, 0]
    row = state.head // board.width + around[:, 1]
    wall = (column < 0) | (column >= board.width) | (row < 0) | (row >= board.height)
    cell = jnp.where(wall, 0, row * board.width + column)
    left = jnp.maximum(state.stamps[cell] - state.clock, 0)
    lasts = jnp.where(wall, 1.0, jnp.minimum(left, LONGEST) * (1.0 / LONGEST))
    food = ~wall & (cell == state.food)
    return jnp.concatenate([lasts > 0.0, lasts, food]).astype(jnp.float32)


def observe(board: Board, state: State, sensor: str) -> Array:
    """What a policy of the sensor `features` or `grid` reads, float32."""
    seen = features(board, state)
    return seen if sensor == "features" else jnp.concatenate([seen, window(board, state)])
