"""Compiled batches of the simulator: replays of recorded actions, and policies driving from given states.

`task` and `network` are static: every task is compiled once per batch size. Batches are padded to few sizes.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.envs import lockstep
from manyhands.envs.core import Task
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

BATCH_SIZES = (8, 32, 128, 512)
# Two logits closer than this are a tie that rounding may break either way.
TIE_LOGIT = 1e-3


class Trace(NamedTuple):
    """Replays of B attempts over T ticks; entries at which the attempt had ended are frozen."""

    states: Any  # pytree (T, B, ...), before each tick
    features: Array  # (T, B, F) float32, what the policy's hidden layers read
    policy_action: Array  # (T, B, A) int8, what the champion would have done
    tie: Array  # (T, B) bool, whether its decision hangs on a tie
    progress: Array  # (T, B) float32, made in each tick
    alive: Array  # (T, B) bool, before each tick
    final: Any  # pytree (B, ...)
    survived: Array  # (B,) bool


def keep(alive: Array, new: Any, old: Any) -> Any:
    """Row by row (B,) of two stacks of states, traced: the new one where the flag holds."""
    return jax.tree.map(lambda a, b: jnp.where(alive.reshape((-1,) + (1,) * (a.ndim - 1)), a, b), new, old)


def _is_tie(spec: NetworkSpec, outputs: Array) -> Array:
    """Whether on some axis the best bin and another are closer than TIE_LOGIT."""
    if spec.head == "box":
        return jnp.zeros((), bool)
    tied, offset = [], 0
    for count in spec.bins:
        logits = outputs[offset : offset + count]
        offset += count
        other = jnp.arange(count) != jnp.argmax(logits)
        tied.append(jnp.where(other, logits, -jnp.inf).max() > logits.max() - TIE_LOGIT)
    return jnp.stack(tied).any()


@partial(jax.jit, static_argnums=(0, 1))
def replay(task: Task, spec: NetworkSpec, params: Params, states: Any, actions: Array, ticks: Array) -> Trace:
    """Drive B recorded attempts again.

    states: stacked starts (B, ...); actions: (T, B, A) int8; ticks: (B,) recorded lengths.
    """

    def tick(carry: tuple[Any, Array], now: tuple[Array, Array]) -> tuple[tuple[Any, Array], tuple[Any, ...]]:
        state, running = carry
        action, number = now
        alive = running & (number < ticks)
        features = jax.vmap(lambda s: network.encode(spec, params, task.observe(s)))(state)
        outputs = network.head(spec, params, features)
        wanted = task.quantise(jax.vmap(partial(network.decide, spec))(outputs))
        moved, progress, crashed = jax.vmap(task.step)(state, action)
        seen = (state, features, wanted, jax.vmap(partial(_is_tie, spec))(outputs), progress * alive, alive)
        return (keep(alive, moved, state), running & ~(alive & crashed)), seen

    begin = (states, jnp.ones(actions.shape[1], bool))
    (final, survived), seen = jax.lax.scan(tick, begin, (actions, jnp.arange(actions.shape[0])))
    states, features, wanted, tie, progress, alive = seen
    return Trace(states, features, wanted, tie, progress, alive, final, survived)


def drive(
    task: Task, spec: NetworkSpec, params: Params, states: Any, alive: Any, ticks: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The policy alone from given states (B, ...), of which `alive` (B,) still run; on all processors.

    Returns, for each tick, progress summed up to and including it (ticks, B) float32 and which still run
    after it (ticks, B) bool.
    """

    def run(states: Any, alive: Any) -> tuple[Array, Array]:
        driven: tuple[Array, Array] = _drive(task, spec, params, states, alive, ticks)
        return driven

    total, running = lockstep.spread(run, (states, alive), (1, 1))
    return total, running


@partial(jax.jit, static_argnums=(0, 1, 5))
def _drive(
    task: Task, spec: NetworkSpec, params: Params, states: Any, alive: Array, ticks: int
) -> tuple[Array, Array]:
    """`drive` of one part."""

    def tick(
        carry: tuple[Any, Array, Array], _: None
    ) -> tuple[tuple[Any, Array, Array], tuple[Array, Array]]:
        state, running, total = carry
        features = jax.vmap(lambda s: network.encode(spec, params, task.observe(s)))(state)
        outputs = network.head(spec, params, features)
        action = task.quantise(jax.vmap(partial(network.decide, spec))(outputs))
        moved, progress, crashed = jax.vmap(task.step)(state, action)
        total = total + progress * running
        running = running & ~crashed
        return (keep(running, moved, state), running, total), (total, running)

    begin = (states, alive, jnp.zeros(alive.shape[0], jnp.float32))
    _, (total, running) = jax.lax.scan(tick, begin, None, length=ticks)
    return total, running


@partial(jax.jit, static_argnums=(0, 1))
def recorded(task: Task, spec: NetworkSpec, params: Params, states: Any) -> tuple[Array, Any]:
    """Executed actions (T, B, A) int8 of the policy from given states (B, ...) and the states it ends in.

    Only meaningful for starts that it survives.
    """

    def tick(state: Any, _: None) -> tuple[Any, Array]:
        action = jax.vmap(lambda s: task.quantise(network.act(spec, params, task.observe(s))))(state)
        return jax.vmap(task.step)(state, action)[0], action

    final, actions = jax.lax.scan(tick, states, None, length=task.max_ticks)
    return actions, final


@partial(jax.jit, static_argnums=(0, 2))
def fresh_starts(task: Task, key: Array, count: int) -> Any:
    """Stacked fresh starts (count, ...)."""
    return jax.vmap(task.start)(jax.random.split(key, count))


def scores(task: Task, spec: NetworkSpec, policies: Sequence[Params], states: Any) -> np.ndarray:
    """Progress of each policy within the task's time from each start, (policies, B) float64."""
    count = jax.tree.leaves(states)[0].shape[0]
    alive = jnp.ones(count, bool)
    runs = [drive(task, spec, params, states, alive, task.max_ticks)[0][-1] for params in policies]
    return np.stack([np.asarray(run, np.float64) for run in runs])


def padded(count: int) -> int:
    """The batch size that `count` items are padded to; multiples of the largest beyond it."""
    for size in BATCH_SIZES:
        if count <= size:
            return size
    return -(-count // BATCH_SIZES[-1]) * BATCH_SIZES[-1]


def stack_states(states: Sequence[Any], size: int) -> Any:
    """Stack single states into one batch of `size`, the last one repeated as padding."""
    rows = [jax.tree.map(np.asarray, state) for state in states]
    rows += [rows[-1]] * (size - len(rows))
    return jax.tree.map(lambda *leaves: np.stack(leaves), *rows)


def pick(states: Any, rows: Any) -> Any:
    """Select one row, or rows (n,), or pairs of (ticks, rows) of stacked states; on the host."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], states)


def choose(condition: np.ndarray, first: Any, second: Any) -> Any:
    """Row by row (n,) of two stacks of states: the first where the condition holds."""
    return jax.tree.map(
        lambda a, b: np.where(condition.reshape((-1,) + (1,) * (a.ndim - 1)), a, b), first, second
    )
