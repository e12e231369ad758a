"""Soft actor-critic (Haarnoja et al., 2018) with a fixed weight of the entropy, for continuous actions.

The policy is a Gaussian under a hyperbolic tangent whose spread is a network of its own; two critics judge
actions, and the smaller judgement counts; their slow copies say what comes after. One gradient step is made
for every tick that was driven, on ticks drawn from all that are kept. The picture's encoder, where there is
one, learns from the critics alone.

A person's rewards may have any size, so they are divided by their root mean square so far, and `sac_alpha`
counts in that scale. When the scale changes, the critics' last layers are rescaled and say nearly the same.
"""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from manyhands.garage.driving import Driver, Samples, Weights, encode, spread_of
from manyhands.garage.hyperparameters import Hyperparameters
from manyhands.garage.learning import (
    Experience,
    RewardScale,
    Terms,
    TrainState,
    flat,
    fresh_state,
    iteration_rng,
    optimiser,
    rescale,
    value_loss,
)
from manyhands.learners.policy_gradient import gaussian_log_probability, tanh_log_slope
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec

MOST_KEPT = 100_000
MOST_BYTES = 256 * 2**20
SLOWNESS = 0.995  # of the slow critics, a gradient step
FIRST_LOG_SPREAD = -0.7
LEAST_HIDDEN = (64, 64)  # of critics whose policy reads its features directly
CRITICS = ("critic-0", "critic-1")
SLOW = ("slow-0", "slow-1")


class Kept(NamedTuple):
    """A ring of ticks in the order in which they were driven, each (places, ...)."""

    seen: dict[str, Array]
    action: Array
    reward: Array
    last: Array  # 1 on the last tick of an episode


class Sac:
    """See `learning.Algorithm`."""

    def __init__(self, terms: Terms) -> None:
        self.reward_scale = RewardScale()
        self._terms = terms
        self._kept: Kept | None = None
        self._places = 0
        self._next = 0
        self._usable = np.zeros(0, bool)

    def begin(self, key: Array) -> TrainState:
        """Policy, its spread, and the critics with their slow copies."""
        spec = self._terms.driver.spec
        keys = jax.random.split(key, 4)
        spread = network.init(replace(spec, encoder=None, vector=spec.features), keys[1])
        spread["head.b"] = spread["head.b"] + FIRST_LOG_SPREAD
        weights = {"policy": network.init(spec, keys[0]), "spread": spread}
        for name, slow, own in zip(CRITICS, SLOW, keys[2:], strict=True):
            weights[name] = network.init(critic_spec(spec), own)
            weights[slow] = weights[name]
        return fresh_state(weights, self._terms.hyper)

    def compile(self, nothing: TrainState, samples: Samples) -> None:
        """Compile, by keeping nothing and making no step."""
        terms = self._terms
        kept = self._room(samples)
        rows = np.zeros(terms.capacity, np.int32)
        reward = np.zeros(terms.capacity, np.float32)
        kept = keep(kept, samples, reward, reward, rows, rows + self._places)
        order = np.zeros((terms.capacity, terms.hyper.batch_size), np.int32)
        update(terms.driver, terms.hyper, nothing, kept, np.float32(1.0), order, (np.int32(0), self._key(0)))

    def learn(self, state: TrainState, made: Experience) -> TrainState:
        """As many gradient steps as ticks were driven."""
        terms = self._terms
        alive = made.reward[made.alive]
        factor = self.reward_scale.take(float((alive * alive).mean()))
        state = state._replace(weights=rescale(state.weights, CRITICS + SLOW, np.float32(factor)))
        kept = self._keep(made)
        usable = np.flatnonzero(self._usable)
        if not len(usable):
            return state
        size, count = terms.hyper.batch_size, len(alive)
        order = np.zeros((terms.capacity, size), np.int32)
        order[:count] = iteration_rng(terms, made).choice(usable, (count, size))
        steps = (np.int32(count), self._key(made.number))
        updated: TrainState = update(
            terms.driver, terms.hyper, state, kept, np.float32(1.0 / self.reward_scale.size), order, steps
        )
        return updated

    def _key(self, number: int) -> Array:
        return jax.random.fold_in(jax.random.key(self._terms.seed, impl="rbg"), number)

    def _room(self, samples: Samples) -> Kept:
        """An empty ring for ticks like these."""
        row_bytes = sum(part.nbytes // (part.shape[0] * part.shape[1]) for part in samples.seen.values())
        self._places = max(self._terms.capacity, min(MOST_KEPT, MOST_BYTES // row_bytes))
        empty = {name: jnp.zeros((self._places, *x.shape[2:]), x.dtype) for name, x in samples.seen.items()}
        actions = jnp.zeros((self._places, samples.action.shape[-1]))
        return Kept(empty, actions, jnp.zeros(self._places), jnp.zeros(self._places))

    def _keep(self, made: Experience) -> Kept:
        """Put an iteration's episodes into the ring, one after the other."""
        if self._kept is None:
            self._kept = self._room(made.samples)
            self._usable = np.zeros(self._places, bool)
        lanes, ticks = np.nonzero(made.alive.T)
        count = len(lanes)
        slots = (self._next + np.arange(count)) % self._places
        # What came after an episode's last tick was not seen, so one that was cut off says nothing.
        self._usable[slots] = ~made.cut[ticks, lanes]
        self._next = (self._next + count) % self._places
        rows = np.zeros(self._terms.capacity, np.int32)
        rows[:count] = ticks * self._terms.cars + lanes
        places = np.full(self._terms.capacity, self._places, np.int32)
        places[:count] = slots
        reward = np.zeros(self._terms.capacity, np.float32)
        reward[:count] = made.reward[ticks, lanes]
        last = np.zeros(self._terms.capacity, np.float32)
        last[:count] = made.done[ticks, lanes]
        self._kept = keep(self._kept, made.samples, reward, last, rows, places)
        return self._kept


def critic_spec(spec: NetworkSpec) -> NetworkSpec:
    """A critic reads what the policy's hidden layers read, and the action, and gives one number."""
    hidden = spec.hidden or LEAST_HIDDEN
    return NetworkSpec(spec.features + spec.actions, hidden, spec.activation, "box", actions=1)


@partial(jax.jit, donate_argnums=0)
def keep(kept: Kept, samples: Samples, reward: Array, last: Array, rows: Array, places: Array) -> Kept:
    """Write flat rows (R,) of samples, with rewards and ends (R,), to places (R,), dropping those beyond."""
    seen, action = flat((samples.seen, samples.action))

    def put(ring: Array, new: Array) -> Array:
        return ring.at[places].set(new, mode="drop")

    return Kept(
        {name: put(kept.seen[name], part[rows]) for name, part in seen.items()},
        put(kept.action, action[rows]),
        put(kept.reward, reward),
        put(kept.last, last),
    )


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def update(
    driver: Driver,
    hyper: Hyperparameters,
    state: TrainState,
    kept: Kept,
    scale: Array,
    order: Array,
    steps: tuple[Array, Array],
) -> TrainState:
    """Gradient steps on kept ticks.

    scale: of the rewards. order: (R, batch_size) int32, places of each step. steps: how many of them count,
    and the key of their noise.
    """
    spec, critic = driver.spec, critic_spec(driver.spec)
    adam = optimiser(hyper)
    places = kept.reward.shape[0]

    def act(weights: Weights, features: Array, key: Array) -> tuple[Array, Array]:
        """Actions (B, A) drawn from the policy, and their log probabilities (B,)."""
        mean, spread = network.head(spec, weights["policy"], features), spread_of(spec, weights, features)
        raw = mean + jnp.exp(spread) * jax.random.normal(key, mean.shape)
        return jnp.tanh(raw), gaussian_log_probability(mean, spread, raw) - tanh_log_slope(raw)

    def judged(weights: Weights, names: tuple[str, str], features: Array, action: Array) -> list[Array]:
        read = jnp.concatenate([features, action], axis=-1)
        return [network.head(critic, weights[name], read)[..., 0] for name in names]

    def loss(weights: Weights, at: Array, key: Array) -> Array:
        now, then = jax.random.split(key)
        fixed = jax.lax.stop_gradient(weights)
        after = encode(spec, fixed, {name: part[(at + 1) % places] for name, part in kept.seen.items()})
        action, chance = act(fixed, after, then)
        worth = jnp.minimum(*judged(fixed, SLOW, after, action)) - hyper.sac_alpha * chance
        target = scale * kept.reward[at] + hyper.discount_factor * (1.0 - kept.last[at]) * worth
        features = encode(spec, weights, {name: part[at] for name, part in kept.seen.items()})
        errors = [value - target for value in judged(weights, CRITICS, features, kept.action[at])]
        cost = sum(value_loss(error, hyper.loss_type).mean() for error in errors)
        features = jax.lax.stop_gradient(features)
        action, chance = act(weights, features, now)
        gain = jnp.minimum(*judged(fixed, CRITICS, features, action)) - hyper.sac_alpha * chance
        return cost - gain.mean()

    def step(at: Array, state: TrainState) -> TrainState:
        gradient = jax.grad(loss)(state.weights, order[at], jax.random.fold_in(steps[1], at))
        change, moments = adam.update(gradient, state.optimiser, state.weights)
        weights = optax.apply_updates(state.weights, change)
        slow = {
            name: jax.tree.map(
                lambda old, new: SLOWNESS * old + (1.0 - SLOWNESS) * new, weights[name], weights[own]
            )
            for name, own in zip(SLOW, CRITICS, strict=True)
        }
        return TrainState(weights | slow, moments)

    updated: TrainState = jax.lax.fori_loop(0, steps[0], step, state)
    return updated
