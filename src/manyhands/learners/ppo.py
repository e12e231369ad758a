"""Proximal policy optimisation (Schulman et al., 2017), rollout and update fused into one compiled scan.

Run it to train a driver from progress alone; with these defaults it is the lidar reference driver:

    python -m manyhands.learners.ppo --out driver.safetensors

Reading order: Config, one iteration (rollout, advantages, epochs), the loop.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from manyhands.envs.core import Task
from manyhands.learners.policy_gradient import (
    actor_critic,
    advantages,
    clipped_gain,
    gaussian_log_probability,
    value_spec,
)
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params


@dataclass(frozen=True)
class Config:
    """Settings of one run; a run is a pure function of them and its key."""

    steps: int = 10_000_000
    """environment steps in total"""
    envs: int = 512
    """cars that drive side by side"""
    horizon: int = 64
    """ticks per car between updates"""
    epochs: int = 4
    """passes over each batch"""
    minibatches: int = 8
    """minibatches per pass"""
    learning_rate: float = 1e-3
    """of Adam, at the start; falls linearly to a fiftieth"""
    discount: float = 0.99
    """per tick"""
    gae_lambda: float = 0.95
    """of generalised advantage estimation (Schulman et al., 2016)"""
    clip: float = 0.2
    """of the probability ratio"""
    entropy: float = 0.002
    """weight of the entropy bonus"""
    crash_cost: float = 10.0
    """reward lost in a crash; progress earns one per metre"""

    @property
    def iterations(self) -> int:
        """Updates of one run."""
        return max(1, self.steps // (self.envs * self.horizon))


class Batch(NamedTuple):
    """One rollout, all (horizon, envs, ...)."""

    features: Array
    action: Array
    log_probability: Array
    value: Array
    reward: Array
    done: Array


class Carry(NamedTuple):
    """Everything that lives from one iteration to the next."""

    params: dict[str, Params]
    optimiser: Any
    state: Any
    tick: Array
    key: Array


def make_train(
    task: Task, spec: NetworkSpec, config: Config
) -> tuple[Callable[[Array], Carry], Callable[[Carry], tuple[Carry, Array]]]:
    """`begin(key)` and the compiled `iterate(carry)`, which returns the mean reward of its rollout too."""
    decay = config.iterations * config.epochs * config.minibatches
    schedule = optax.linear_schedule(config.learning_rate, config.learning_rate / 50.0, decay)
    optimiser = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(schedule, eps=1e-5))
    critic = value_spec(spec)
    start, observe = jax.vmap(task.start), jax.vmap(task.observe)
    step, quantise = jax.vmap(task.step), jax.vmap(task.quantise)

    def begin(key: Array) -> Carry:
        keys = jax.random.split(key, 4)
        params = actor_critic(spec, keys[0])
        state = start(jax.random.split(keys[1], config.envs))
        # Attempts begin at different ages, or all would be cut off in the same update.
        tick = jax.random.randint(keys[2], (config.envs,), 0, task.max_ticks)
        return Carry(params, optimiser.init(params), state, tick, keys[3])

    def tick_once(carry: tuple[Any, ...], key: Array) -> tuple[tuple[Any, ...], Batch]:
        params, state, tick = carry
        noise_key, start_key = jax.random.split(key)
        features = observe(state)["vector"]
        mean = network.head(spec, params["policy"], features)
        log_spread = params["spread"]["log"]
        action = mean + jnp.exp(log_spread) * jax.random.normal(noise_key, mean.shape)
        value = network.head(critic, params["value"], features)[..., 0]
        moved, progress, crashed = step(state, quantise(action))
        cut = (tick + 1 >= task.max_ticks) & ~crashed
        # A cut-off attempt would have gone on: its last reward carries the value of what is not seen.
        reward = progress - config.crash_cost * crashed + jnp.where(cut, config.discount * value, 0.0)
        done = crashed | cut
        fresh = start(jax.random.split(start_key, config.envs))
        state = jax.tree.map(
            lambda new, old: jnp.where(done.reshape((-1,) + (1,) * (old.ndim - 1)), new, old), fresh, moved
        )
        chance = gaussian_log_probability(mean, log_spread, action)
        return (params, state, jnp.where(done, 0, tick + 1)), Batch(
            features, action, chance, value, reward, done
        )

    def loss(params: dict[str, Params], batch: Batch, advantage: Array, target: Array) -> Array:
        mean = network.head(spec, params["policy"], batch.features)
        chance = gaussian_log_probability(mean, params["spread"]["log"], batch.action)
        gain = clipped_gain(chance, batch.log_probability, advantage, config.clip)
        value = network.head(critic, params["value"], batch.features)[..., 0]
        return -gain + 0.5 * ((value - target) ** 2).mean() - config.entropy * params["spread"]["log"].sum()

    def learn(carry: tuple[Any, Any], data: tuple[Batch, Array, Array]) -> tuple[tuple[Any, Any], None]:
        params, state = carry
        gradient = jax.grad(loss)(params, *data)
        change, state = optimiser.update(gradient, state, params)
        return (optax.apply_updates(params, change), state), None

    @jax.jit
    def iterate(carry: Carry) -> tuple[Carry, Array]:
        key, roll_key, *epoch_keys = jax.random.split(carry.key, 2 + config.epochs)
        rolling = (carry.params, carry.state, carry.tick)
        rolled, batch = jax.lax.scan(tick_once, rolling, jax.random.split(roll_key, config.horizon))
        _, state, tick = rolled
        last = network.head(critic, carry.params["value"], observe(state)["vector"])[..., 0]
        seen = (batch.value, batch.reward, batch.done)
        advantage = advantages(seen, last, config.discount, config.gae_lambda)
        target = advantage + batch.value
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        flat = jax.tree.map(lambda x: x.reshape((-1, *x.shape[2:])), (batch, advantage, target))
        learning = (carry.params, carry.optimiser)
        for epoch_key in epoch_keys:
            order = jax.random.permutation(epoch_key, config.envs * config.horizon)
            order = order.reshape(config.minibatches, -1)
            learning, _ = jax.lax.scan(
                lambda c, rows: learn(c, jax.tree.map(lambda x: x[rows], flat)), learning, order
            )
        return Carry(*learning, state, tick, key), batch.reward.mean()

    return begin, iterate


def train(
    task: Task,
    spec: NetworkSpec,
    config: Config,
    key: Array,
    report: Callable[[int, float, Params], None] | None = None,
) -> Params:
    """Train a policy with head `box`; `report(steps, reward, params)` is called now and then."""
    begin, iterate = make_train(task, spec, config)
    carry = jax.jit(begin)(key)
    for iteration in range(1, config.iterations + 1):
        carry, reward = iterate(carry)
        if report and (iteration % 50 == 0 or iteration == config.iterations):
            report(iteration * config.envs * config.horizon, float(reward), carry.params["policy"])
    policy: Params = carry.params["policy"]
    return policy


def main() -> None:
    """Train a lidar driver for the racer and write its policy file."""
    from manyhands.envs.racer import task as racer
    from manyhands.policies import simulate
    from manyhands.policies.files import Policy, dump

    defaults = Config()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="policy file to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--crash-cost", type=float, default=defaults.crash_cost)
    arguments = parser.parse_args()
    config = Config(steps=arguments.steps, crash_cost=arguments.crash_cost)
    campaign = {"sensor": {"kind": "lidar"}}
    task, heldout = racer.make(campaign, "play"), racer.make(campaign, "heldout")
    spec = NetworkSpec(vector=task.vector, hidden=(128, 128), activation="tanh", head="box")
    states = simulate.fresh_starts(heldout, jax.random.key(7), 1024)
    alive = jnp.ones(1024, bool)
    begun = time.perf_counter()

    def report(steps: int, reward: float, params: Params) -> None:
        total, running = simulate.drive(heldout, spec, params, states, alive, heldout.max_ticks)
        print(
            f"{steps / 1e6:5.1f} M steps  {time.perf_counter() - begun:5.0f} s  reward {reward:.3f}  "
            f"held out: {float(total[-1].mean()):.1f} m, {100 * float(running[-1].mean()):.1f} % finish",
            flush=True,
        )

    params = train(task, spec, config, jax.random.key(arguments.seed), report)
    arguments.out.write_bytes(dump(Policy("racer-v0", racer.plain_sensor(task.sensor), spec, params)))


if __name__ == "__main__":
    main()
