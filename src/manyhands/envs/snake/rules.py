"""The rules in JAX, for one game; `vmap` makes a lockstep batch of many.

A move writes one cell. Every cell keeps the *stamp* that the snake's clock must pass before it is free; the
clock stands still in a move that eats, so the whole snake stays a move longer without being touched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from manyhands.envs.hashing import mixed_words
from manyhands.envs.snake.board import DX, DY, TRIES, Board


class State(NamedTuple):
    """A game: scalars, and one stamp for each cell."""

    stamps: Array  # (cells,) int32; occupied where above `clock`
    clock: Array  # int32
    head: Array  # int32, cell
    heading: Array  # int32, 0 right, 1 down, 2 left, 3 up
    length: Array  # int32
    food: Array  # int32, cell
    seed: Array  # uint32
    eaten: Array  # int32
    steps: Array  # int32


def begin(board: Board, seed: Array) -> State:
    """A game at its start; seed: uint32."""
    body = jnp.asarray(board.start, jnp.int32)
    stamps = jnp.zeros(board.cells, jnp.int32).at[body].set(jnp.arange(len(body), 0, -1, dtype=jnp.int32))
    zero = jnp.int32(0)
    seed = jnp.asarray(seed, jnp.uint32)
    food = _next_food(stamps, zero, seed, zero, jnp.int32(len(body)), jnp.bool_(True))
    return State(stamps, zero, body[0], zero, jnp.int32(len(body)), food, seed, zero, zero)


def place_food(state: State) -> State:
    """The state with the food that belongs to its seed and foods eaten."""
    return _fed(state, jnp.bool_(True))


def ahead(board: Board, state: State, turn: Array) -> tuple[Array, Array, Array]:
    """Heading and cell after a turn (0 straight, 1 right, -1 left), and whether going there is deadly."""
    heading = (state.heading + turn) % 4
    row = state.head // board.width + jnp.asarray(DY, jnp.int32)[heading]
    column = state.head % board.width + jnp.asarray(DX, jnp.int32)[heading]
    wall = (row < 0) | (row >= board.height) | (column < 0) | (column >= board.width)
    cell = jnp.where(wall, state.head, row * board.width + column)
    # The tail still lies where it is while the head moves.
    return heading, cell, wall | (state.stamps[cell] > state.clock)


def move(board: Board, state: State, turn: Array) -> tuple[State, Array, Array]:
    """One move: next state, whether the snake ate, whether the game ended. turn: int32 in {-1, 0, 1}."""
    after, ate, ended = _moved(board, state, turn)
    return _fed(after, ate & (after.length < board.cells)), ate, ended


def move_on(board: Board, state: State, turn: Array, seed: Array) -> tuple[State, Array, Array]:
    """`move`; where the game ended, the state is that of a new game with the seed, on the same board.

    Food is looked for once, after all that is written: between two writes the whole board would be copied.
    """
    after, ate, ended = _moved(board, state, turn)
    return _fed(_begun_again(board, after, seed, ended), ate | ended), ate, ended


def _moved(board: Board, state: State, turn: Array) -> tuple[State, Array, Array]:
    """`move` that leaves the food where it is."""
    heading, cell, dead = ahead(board, state, turn)
    ate = ~dead & (cell == state.food)
    clock = state.clock + (~ate & ~dead)
    length = state.length + ate
    # A dead snake stays where it is: the cell keeps the stamp it has.
    stamps = state.stamps.at[cell].set(jnp.where(dead, state.stamps[cell], clock + length))
    steps = state.steps + 1
    after = State(
        stamps=stamps,
        clock=clock,
        head=jnp.where(dead, state.head, cell),
        heading=jnp.where(dead, state.heading, heading),
        length=length,
        food=state.food,
        seed=state.seed,
        eaten=state.eaten + ate,
        steps=steps,
    )
    return after, ate, dead | (length == board.cells) | (steps > board.cap * length)


def _begun_again(board: Board, state: State, seed: Array, wanted: Array) -> State:
    """Where wanted, a new game on the board of one that ended, but for its food; else the state itself.

    The clock is put past every stamp, which frees all cells without touching them.
    """
    body = jnp.asarray(board.start, jnp.int32)
    clock = state.clock + jnp.where(wanted, state.length, 0)
    placed = clock + jnp.arange(len(body), 0, -1, dtype=jnp.int32)
    zero = jnp.int32(0)
    return State(
        stamps=state.stamps.at[body].set(jnp.where(wanted, placed, state.stamps[body])),
        clock=clock,
        head=jnp.where(wanted, body[0], state.head),
        heading=jnp.where(wanted, zero, state.heading),
        length=jnp.where(wanted, jnp.int32(len(body)), state.length),
        food=state.food,
        seed=jnp.where(wanted, seed, state.seed),
        eaten=jnp.where(wanted, zero, state.eaten),
        steps=jnp.where(wanted, zero, state.steps),
    )


def _fed(state: State, wanted: Array) -> State:
    """Where wanted, the state with its next food."""
    food = _next_food(state.stamps, state.clock, state.seed, state.eaten, state.length, wanted)
    return state._replace(food=jnp.where(wanted, food, state.food))


def _drawn(seed: Array, eaten: Array, attempt: Array, count: Array) -> Array:
    """`board.drawn` for uint32 arrays."""
    return (mixed_words(mixed_words(seed ^ mixed_words(eaten + 1)) + attempt) >> 16) * count >> 16


def _next_food(stamps: Array, clock: Array, seed: Array, eaten: Array, length: Array, wanted: Array) -> Array:
    """Cell of the next food: the first free one of a few drawn ones, else a free one by its rank."""
    cells = jnp.uint32(len(stamps))
    eaten = eaten.astype(jnp.uint32)
    tries = jnp.arange(TRIES, dtype=jnp.uint32)
    tried = _drawn(seed, eaten, tries, cells).astype(jnp.int32)
    free = stamps[tried] <= clock
    rank = _drawn(seed, eaten, jnp.uint32(TRIES), cells - length.astype(jnp.uint32)).astype(jnp.int32)
    counted = _free_cell(stamps, clock, rank, wanted & ~free.any())
    return jnp.where(free.any(), tried[jnp.argmax(free)], counted)


def _count_free(stamps: Array, clock: Array, rank: Array) -> Array:
    """The free cell that has `rank` free ones before it."""
    return jnp.argmax(jnp.cumsum(stamps <= clock) > rank).astype(jnp.int32)


@jax.custom_batching.custom_vmap
def _free_cell(stamps: Array, clock: Array, rank: Array, wanted: Array) -> Array:
    """`_count_free` where wanted, else 0."""
    found: Array = jax.lax.cond(wanted, _count_free, lambda *_: jnp.int32(0), stamps, clock, rank)
    return found


@_free_cell.def_vmap
def _free_cells(size: int, batched: list[bool], *values: Any) -> tuple[Array, bool]:
    """In a batch the cells are counted only when at least one game needs it, which is rare."""
    values = tuple(
        value if mapped else jnp.broadcast_to(value, (size, *value.shape))
        for value, mapped in zip(values, batched, strict=True)
    )
    stamps, clock, rank, wanted = values
    nothing = jnp.zeros(size, jnp.int32)
    found = jax.lax.cond(
        wanted.any(),
        lambda: jnp.where(wanted, jax.vmap(_count_free)(stamps, clock, rank), 0),
        lambda: nothing,
    )
    return found, True
