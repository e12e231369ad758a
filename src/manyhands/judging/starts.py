"""Starts for players, drawn where the champion fails, and checked to be solvable by the reference driver."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from manyhands.envs.core import Plain, Task
from manyhands.judging.course import Course
from manyhands.policies import network, simulate
from manyhands.policies.network import NetworkSpec, Params

FAILING_SHARE = 0.75
BEFORE_S = (2.0, 5.0)  # how long before its failure an attempt begins
LEAST_S = 1.5  # a person needs time to see what comes; a policy that fails sooner leaves nothing to do


@partial(jax.jit, static_argnums=(0, 1))
def _record(task: Task, spec: NetworkSpec, params: Params, states: Any) -> tuple[Any, Array]:
    """States before each tick (T, B, ...) and how many ticks each drive lasted (B,)."""

    def tick(carry: tuple[Any, Array], _: None) -> tuple[tuple[Any, Array], tuple[Any, Array]]:
        state, running = carry
        action = jax.vmap(lambda s: task.quantise(network.act(spec, params, task.observe(s))))(state)
        moved, _progress, crashed = jax.vmap(task.step)(state, action)
        return (moved, running & ~crashed), (state, running)

    begin = (states, jnp.ones(jax.tree.leaves(states)[0].shape[0], bool))
    _, (seen, ran) = jax.lax.scan(tick, begin, None, length=task.max_ticks)
    return seen, ran.sum(axis=0)


def failing(course: Course, spec: NetworkSpec, params: Params, key: Array, count: int) -> list[Plain]:
    """Up to `count` starts as JSON, most of them a few seconds before the policy would crash.

    A start that the reference driver cannot survive is left out, and so is one where the policy crashes
    within LEAST_S, as long as there are others.
    """
    task = course.play
    first, second = jax.random.split(key)
    states = simulate.fresh_starts(task, first, 2 * count)
    seen, ticks = _record(task, spec, params, states)
    lasted = np.asarray(ticks)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(second), np.uint32))
    back = rng.uniform(*BEFORE_S, size=len(lasted)) * task.ticks_per_s
    fails = (lasted < task.max_ticks) & (rng.uniform(size=len(lasted)) < FAILING_SHARE)
    at = np.where(fails, np.maximum(0, lasted - back.astype(int)), 0)
    chosen = simulate.pick(seen, (at, np.arange(len(lasted))))
    solvable, slow = course.survives(task, chosen), lasted - at >= LEAST_S * task.ticks_per_s
    good = np.flatnonzero(solvable & slow if (solvable & slow).any() else solvable)
    order = np.concatenate([good[fails[good]], good[~fails[good]]])[:count]
    return [task.to_plain(simulate.pick(chosen, row)) for row in rng.permutation(order)]
