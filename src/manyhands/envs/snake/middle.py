"""Positions in the middle of a game, made without a player: a campaign's attempts begin where it is hard.

A snake is grown along a walk that prefers to go on straight and never enters a cell twice; its length is
drawn evenly. Heads that are walled in are left: starts for players are checked by the reference.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from manyhands.envs.snake import rules
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.rules import State

STRAIGHT = 0.8  # chance of a step of the walk to prefer no turn


def begin(board: Board, longest: int, key: Array) -> State:
    """A position with a snake of the start length to `longest` cells that ate at every move."""
    seed_key, length_key, walk_key = jax.random.split(key, 3)
    state = rules.begin(board, jax.random.bits(seed_key, (), jnp.uint32))
    length = jax.random.randint(length_key, (), board.start_length, longest + 1)

    def grow(state: State, key: Array) -> tuple[State, None]:
        bend_key, side_key = jax.random.split(key)
        side = jnp.where(jax.random.bernoulli(side_key), 1, -1)
        ahead = jax.random.bernoulli(bend_key, STRAIGHT)
        order = jnp.where(ahead, jnp.stack([0 * side, side, -side]), jnp.stack([side, -side, 0 * side]))
        dead = jnp.stack([rules.ahead(board, state, turn)[2] for turn in order])
        heading, cell, _ = rules.ahead(board, state, order[jnp.argmin(dead)])
        grows = ~dead.all() & (state.length < length)
        longer = state.length + grows
        stamps = state.stamps.at[cell].set(jnp.where(grows, longer, state.stamps[cell]))
        return state._replace(
            stamps=stamps,
            head=jnp.where(grows, cell, state.head),
            heading=jnp.where(grows, heading, state.heading),
            length=longer,
            eaten=state.eaten + grows,
            steps=state.steps + grows,
        ), None

    state, _ = jax.lax.scan(grow, state, jax.random.split(walk_key, longest - board.start_length))
    return rules.place_food(state)
