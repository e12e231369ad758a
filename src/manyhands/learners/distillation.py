"""Distil a driver that sees by lidar into one that sees by camera: the camera reference driver.

Dataset aggregation (DAgger; Ross et al., 2011) in a simulator: the student drives, the teacher says at every
visited state what it would have done, the student learns from all that was said. Eyes and hands are trained
together, from the encoder of `perception` on.

    python -m manyhands.learners.distillation --encoder encoder.safetensors --out driver.safetensors
"""

import argparse
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from manyhands.envs.core import Task
from manyhands.envs.racer import task as racer
from manyhands.policies import files, network, reference, simulate
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params


@dataclass(frozen=True)
class Config:
    """Settings of one run."""

    iterations: int = 400
    """alternations of driving and learning"""
    envs: int = 256
    """cars that drive side by side"""
    horizon: int = 32
    """ticks per car and iteration"""
    kept: int = 16
    """iterations whose pictures are kept for learning"""
    updates: int = 64
    """minibatches per iteration"""
    batch: int = 256
    """pictures per minibatch"""
    learning_rate: float = 1e-3
    """of Adam, falling to zero along a cosine"""


class Carry(NamedTuple):
    """Everything that lives from one iteration to the next; the store is (kept, envs * horizon, ...)."""

    params: Params
    optimiser: Any
    state: Any
    tick: Array
    store: Any


def make_iterate(
    task: Task, sight: Task, teacher: Policy, spec: NetworkSpec, config: Config
) -> tuple[Any, Any]:
    """`begin(params, key)` and the compiled `iterate(carry, number, key)`, which also returns the loss."""
    steps = config.iterations * config.updates
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(config.learning_rate, steps))
    )
    rows = config.envs * config.horizon

    def tick(carry: tuple[Any, ...], key: Array) -> tuple[tuple[Any, ...], tuple[Any, Array]]:
        params, state, age, share = carry
        observation = jax.vmap(task.observe)(state)
        student = jax.vmap(partial(network.act, spec, params))(observation)
        wanted = jax.vmap(lambda s: network.act(teacher.network, teacher.params, sight.observe(s)))(state)
        first, second = jax.random.split(key)
        # The teacher holds the wheel of some cars for a while, or the first students would see only crashes.
        helped = jax.random.uniform(first, (config.envs, 1)) < share
        action = jnp.where(helped, wanted, student)
        moved, _, crashed = jax.vmap(task.step)(state, jax.vmap(task.quantise)(action))
        done = crashed | (age + 1 >= task.max_ticks)
        fresh = jax.vmap(task.start)(jax.random.split(second, config.envs))
        state = simulate.keep(~done, moved, fresh)
        return (params, state, jnp.where(done, 0, age + 1), share), (observation, wanted)

    def loss(params: Params, observation: Any, wanted: Array) -> Array:
        outputs = jax.vmap(lambda o: network.head(spec, params, network.encode(spec, params, o)))(observation)
        return (jnp.abs(outputs - wanted) * jnp.array([2.0, 1.0])).mean()

    def begin(params: Params, key: Array) -> Carry:
        first, second = jax.random.split(key)
        state = jax.vmap(task.start)(jax.random.split(first, config.envs))
        age = jax.random.randint(second, (config.envs,), 0, task.max_ticks)
        seen = jax.eval_shape(jax.vmap(task.observe), state)
        empty = jax.tree.map(lambda x: jnp.zeros((config.kept, rows, *x.shape[1:]), x.dtype), seen)
        store = (empty, jnp.zeros((config.kept, rows, spec.actions)))
        return Carry(params, optimiser.init(params), state, age, store)

    @jax.jit
    def iterate(carry: Carry, number: Array, key: Array) -> tuple[Carry, Array]:
        drive_key, learn_key = jax.random.split(key)
        share = jnp.maximum(0.0, 0.5 - number / (0.2 * config.iterations))
        driving = (carry.params, carry.state, carry.tick, share)
        driven, seen = jax.lax.scan(tick, driving, jax.random.split(drive_key, config.horizon))
        flat = jax.tree.map(lambda x: x.reshape(rows, *x.shape[2:]), seen)
        slot = number % config.kept
        store = jax.tree.map(lambda old, new: old.at[slot].set(new), carry.store, flat)
        filled = jnp.minimum(number + 1, config.kept)

        def learn(learning: tuple[Params, Any], key: Array) -> tuple[tuple[Params, Any], Array]:
            params, state = learning
            first, second = jax.random.split(key)
            slots = jax.random.randint(first, (config.batch,), 0, filled)
            at = jax.random.randint(second, (config.batch,), 0, rows)
            observation, wanted = jax.tree.map(lambda x: x[slots, at], store)
            value, gradient = jax.value_and_grad(loss)(params, observation, wanted)
            change, state = optimiser.update(gradient, state)
            return (optax.apply_updates(params, change), state), value

        learning = (carry.params, carry.optimiser)
        learned, values = jax.lax.scan(learn, learning, jax.random.split(learn_key, config.updates))
        return Carry(*learned, driven[1], driven[2], store), values.mean()

    return begin, iterate


def main() -> None:
    """Train the camera reference driver and write its policy file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="policy file to write")
    parser.add_argument("--encoder", type=Path, required=True, help="file made by learners.perception")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=Config().iterations)
    arguments = parser.parse_args()
    config = Config(iterations=arguments.iterations)
    eyes = files.parse(arguments.encoder.read_bytes())
    teacher = reference.driver("racer-lidar-reference")
    campaign = {"sensor": eyes.sensor}
    task, heldout = racer.make(campaign, "play"), racer.make(campaign, "heldout")
    spec = NetworkSpec(task.vector, (128, 128), "relu", "box", encoder=eyes.network.encoder)
    key, first, second = jax.random.split(jax.random.key(arguments.seed), 3)
    frozen = {name: value for name, value in eyes.params.items() if name.startswith("encoder.")}
    begin, iterate = make_iterate(task, racer.with_sensor(task, teacher.sensor), teacher, spec, config)
    carry = begin(network.init(spec, first) | frozen, second)
    states = simulate.fresh_starts(heldout, jax.random.key(7), 512)
    begun = time.perf_counter()
    for number in range(config.iterations):
        carry, value = iterate(carry, jnp.int32(number), jax.random.fold_in(key, number))
        if number % 40 == 39:
            total, running = simulate.drive(
                heldout, spec, carry.params, states, jnp.ones(512, bool), heldout.max_ticks
            )
            print(
                f"{number + 1:4d} iterations {time.perf_counter() - begun:5.0f} s  loss {float(value):.4f}  "
                f"held out: {float(total[-1].mean()):.1f} m, {100 * float(running[-1].mean()):.1f} % finish",
                flush=True,
            )
            arguments.out.write_bytes(files.dump(Policy("racer-v0", eyes.sensor, spec, carry.params)))


if __name__ == "__main__":
    main()
