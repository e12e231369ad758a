"""What learners by policy gradient share: critic, advantages, the clipped objective.

Generalised advantage estimation: J. Schulman et al., "High-Dimensional Continuous Control Using Generalized
Advantage Estimation", 2016. The clipped objective: J. Schulman et al., "Proximal Policy Optimization
Algorithms", 2017.
"""

import jax
import jax.numpy as jnp
from jax import Array

from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

FIRST_LOG_SPREAD = -0.7


def value_spec(spec: NetworkSpec) -> NetworkSpec:
    """The critic reads what the policy's hidden layers read and gives one number."""
    return NetworkSpec(spec.features, spec.hidden, spec.activation, "box", actions=1)


def actor_critic(spec: NetworkSpec, key: Array) -> dict[str, Params]:
    """Parameters: the policy itself, a value network of the same shape, and a log standard deviation."""
    first, second = jax.random.split(key)
    value = network.init(value_spec(spec), second)
    return {
        "policy": network.init(spec, first),
        "value": value,
        "spread": {"log": jnp.full(spec.actions, FIRST_LOG_SPREAD, jnp.float32)},
    }


def gaussian_log_probability(mean: Array, log_spread: Array, action: Array) -> Array:
    """Of a diagonal Gaussian, summed over the action axes (..., A); returns (...)."""
    scaled = (action - mean) * jnp.exp(-log_spread)
    return (-0.5 * scaled * scaled - log_spread - 0.5 * jnp.log(2.0 * jnp.pi)).sum(-1)


def tanh_log_slope(raw: Array) -> Array:
    """Logarithm of the slope of tanh at (..., A), summed over the action axes; returns (...).

    It is what a log probability loses under tanh (Haarnoja et al., 2018, appendix C), in a form that does not
    round to the logarithm of 0.
    """
    return (2.0 * (jnp.log(2.0) - raw - jax.nn.softplus(-2.0 * raw))).sum(-1)


def advantages(
    rollout: tuple[Array, Array, Array], last_value: Array, discount: float | Array, gae_lambda: float
) -> Array:
    """Generalised advantages (T, N) of a rollout: value, reward and done, each (T, N).

    last_value: (N,) of the states after the last tick; what follows a `done` counts nothing.
    """

    def back(
        carry: tuple[Array, Array], now: tuple[Array, Array, Array]
    ) -> tuple[tuple[Array, Array], Array]:
        advantage, next_value = carry
        value, reward, done = now
        error = reward + discount * next_value * (1.0 - done) - value
        advantage = error + discount * gae_lambda * (1.0 - done) * advantage
        return (advantage, value), advantage

    first = (jnp.zeros_like(last_value), last_value)
    _, found = jax.lax.scan(back, first, rollout, reverse=True)
    return found


def clipped_gain(chance: Array, old_chance: Array, advantage: Array, clip: float) -> Array:
    """The clipped objective, to be made larger, from log probabilities and advantages (B,)."""
    ratio = jnp.exp(chance - old_chance)
    bounded = jnp.clip(ratio, 1.0 - clip, 1.0 + clip)
    return jnp.minimum(ratio * advantage, bounded * advantage).mean()
