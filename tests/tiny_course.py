"""A course of one track and few starts, and hands that drive on it: small enough to compile for a test.

All batches have the judge's number of rows, so each function is compiled once for all tests of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs import registry
from manyhands.envs.core import Task
from manyhands.judging import value
from manyhands.judging.course import Course
from manyhands.judging.gate import GateConfig
from manyhands.judging.records import HUMAN, Attempt
from manyhands.judging.round import RoundConfig
from manyhands.learners import takeover
from manyhands.policies import network, reference, simulate
from manyhands.policies.network import NetworkSpec, Params

ROWS = value.ROWS
ATTEMPTS = 8
CONFIG = {"sensor": {"kind": "lidar"}, "tracks": ["gen-0"]}
ROUNDS = RoundConfig(
    training=takeover.Config(steps=150, batch=64),
    gate=GateConfig(alpha=0.5, beta=0.05, effect=0.4, block=ROWS, most=2 * ROWS),
    pay_starts=ROWS,
    least_lot=4,
    margin=0.5,
)


@cache
def task() -> Task:
    return registry.task("racer-v0", CONFIG, "play")


@cache
def course() -> Course:
    return Course(task(), task(), task(), reference.driver("racer-lidar-reference"), standing_starts=ROWS)


@cache
def starts(seed: int = 0) -> Any:
    """Stacked fresh starts (ROWS, ...)."""
    return simulate.fresh_starts(task(), jax.random.key(seed), ROWS)


def good() -> tuple[NetworkSpec, Params]:
    """The reference driver: it errs nowhere on this track."""
    driver = reference.driver("racer-lidar-reference")
    return driver.network, driver.params


def bad(pull: float = 0.9) -> tuple[NetworkSpec, Params]:
    """The reference driver with a wheel that pulls to one side: it leaves the road everywhere, soon."""
    spec, params = good()
    return spec, params | {"head.b": params["head.b"] + jnp.array([pull, 0.0])}


def hold(first: int, end: int) -> NDArray[np.bool_]:
    """Ticks at which a hand is on the wheel, (max_ticks,)."""
    ticks = np.arange(task().max_ticks)
    return (ticks >= first) & (ticks < end)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _drive(
    task: Task,
    spec: NetworkSpec,
    hand_spec: NetworkSpec,
    params: tuple[Params, Params],
    states: Any,
    given: Any,
) -> Any:
    champion, hand = params

    def tick(carry: Any, now: tuple[Array, Array]) -> Any:
        state, alive = carry
        held, push = now
        seen = jax.vmap(task.observe)(state)
        own = jax.vmap(partial(network.act, hand_spec, hand))(seen)
        model = jax.vmap(partial(network.act, spec, champion))(seen)
        action = jax.vmap(task.quantise)(jnp.where(held[:, None], jnp.clip(own + push, -1.0, 1.0), model))
        moved, _, crashed = jax.vmap(task.step)(state, action)
        return (simulate.keep(alive, moved, state), alive & ~crashed), (action, alive)

    begin = (states, jnp.ones(ROWS, bool))
    (final, _), (actions, alive) = jax.lax.scan(tick, begin, given)
    return actions, alive, final


def play(
    champion: tuple[NetworkSpec, Params],
    states: Any,
    held: NDArray[np.bool_],
    push: NDArray[np.float32] | None = None,
) -> list[Attempt]:
    """Attempts from the first stacked states; where `held` (T,), the hand drives like the reference.

    push: (T, 2), or (T, ROWS, 2) of each attempt, added to what the hand does.
    """
    length = task().max_ticks
    hands = np.broadcast_to(held[:, None], (length, ROWS))
    pushes = np.zeros((length, ROWS, 2), np.float32)
    if push is not None:
        pushes += push.reshape(length, -1, 2)
    hand_spec, hand = good()
    found = _drive(task(), champion[0], hand_spec, (champion[1], hand), states, (hands, pushes))
    actions, alive, final = jax.tree.map(np.asarray, found)
    ticks = alive.sum(axis=0)
    return [
        Attempt(
            id=f"att_{row}",
            player=f"plr_{row % 4}",
            champion="champion",
            start=task().to_plain(simulate.pick(states, row)),
            actions=actions[: ticks[row], row].astype(np.int8),
            actors=(hands[: ticks[row], row] * HUMAN).astype(np.uint8),
            final=task().final_of(simulate.pick(final, row)),
        )
        for row in range(ATTEMPTS)
    ]


def stacked(plain: Sequence[Any]) -> Any:
    """Starts in their JSON form as one batch; the last is repeated."""
    return simulate.stack_states([task().from_plain(start) for start in plain], ROWS)
