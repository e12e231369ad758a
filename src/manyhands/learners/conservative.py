"""Conservative Q-learning of Snake: values from recorded moves (s, a, r, s') alone, without playing.

    python -m manyhands.learners.conservative --player greedy --moves 500

A. Kumar et al., "Conservative Q-Learning for Offline Reinforcement Learning", 2020, with discrete actions:
double Q-learning on the recorded moves, plus a term that lowers the values of moves nobody made. The eight
symmetries of the square multiply the moves; they are a property of the rules, not of the player.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.replay import Transitions, replay
from manyhands.learners import snake_rows
from manyhands.learners.snake_rows import Rows, Snapshot, Tell, Trained
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params


@dataclass(frozen=True)
class ConservativeConfig:
    """Settings of one training."""

    sensor: str = "features"
    """features or grid"""
    steps: int = 3000
    """minibatches"""
    batch: int = 256
    """moves of a minibatch"""
    rate: float = 1e-3
    """of AdamW; falls to zero along a cosine"""
    decay: float = 1e-3
    """of AdamW"""
    discount: float = 0.9
    """per move"""
    target: float = 0.01
    """share of the target network that a step replaces"""
    conservatism: float = 1.0
    """weight of the term that lowers what nobody did"""
    balance: float = 0.5
    """see `snake_rows.rows`; of that term"""
    hidden: tuple[int, ...] = (128, 128)
    """widths of the hidden layers"""


def losses(
    spec: NetworkSpec, config: ConservativeConfig, params: Params, target: Params, batch: Any
) -> tuple[Array, Array]:
    """Squared error of the values, and how far values of all moves lie above those that were made."""
    seen, turn, reward, ended, after, weight = batch
    said = network.head(spec, params, seen)
    made = jnp.take_along_axis(said, turn[:, None], axis=1)[:, 0]
    chosen = jnp.argmax(network.head(spec, params, after), axis=-1)
    ahead = jnp.take_along_axis(network.head(spec, target, after), chosen[:, None], axis=1)[:, 0]
    wanted = jax.lax.stop_gradient(reward + config.discount * jnp.where(ended, 0.0, ahead))
    gap = jax.nn.logsumexp(said, axis=-1) - made
    return optax.huber_loss(made, wanted).mean(), (weight * gap).mean()


def _optimiser(config: ConservativeConfig) -> Any:
    schedule = optax.cosine_decay_schedule(config.rate, config.steps)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=config.decay))


@partial(jax.jit, static_argnums=(0, 1))
def _part(spec: NetworkSpec, config: ConservativeConfig, carry: Any, data: Rows, key: Array) -> Any:
    """A part of the steps; returns the mean of both losses as well."""
    optimiser = _optimiser(config)

    def step(carry: tuple[Params, Params, Any], key: Array) -> tuple[tuple[Params, Params, Any], Array]:
        params, target, state = carry
        at = jax.random.randint(key, (config.batch,), 0, len(data.turn))
        batch = jax.tree.map(lambda leaf: leaf[at], data)

        def loss(params: Params) -> tuple[Array, Array]:
            error, gap = losses(spec, config, params, target, batch)
            return error + config.conservatism * gap, jnp.stack([error, gap])

        slopes, both = jax.grad(loss, has_aux=True)(params)
        change, state = optimiser.update(slopes, state, params)
        params = optax.apply_updates(params, change)
        return (params, optax.incremental_update(params, target, config.target), state), both

    carry, both = jax.lax.scan(step, carry, jax.random.split(key, config.steps // snake_rows.PARTS))
    return carry, both.mean(axis=0)


def train(
    data: Transitions, config: ConservativeConfig, seed: int, tell: Tell, resume: Snapshot | None = None
) -> Trained:
    """Learn values from the games. Raises InputError for too few moves."""
    learned = snake_rows.symmetric(snake_rows.rows(data, config.sensor, config.balance))
    spec = snake_rows.spec_of(config.sensor, config.hidden)
    first, second = jax.random.split(jax.random.key(seed))
    params = network.init(spec, first)

    def part(carry: Any, number: int) -> tuple[Any, dict[str, float]]:
        carry, both = _part(spec, config, carry, learned, jax.random.fold_in(second, number))
        error, gap = np.asarray(both).tolist()
        return carry, {"value_error": error, "gap": gap}

    carry = (params, jax.tree.map(jnp.copy, params), _optimiser(config).init(params))
    carry, curves = snake_rows.in_parts(carry, part, config.steps, tell, resume)
    return Trained(snake_rows.policy_of(config.sensor, spec, carry[0]), curves)


def main() -> None:
    """Learn from a scripted player's moves and print what the policy scores."""
    from manyhands.envs.snake import scripted
    from manyhands.learners import snake_study as study

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--player", choices=sorted(scripted.PLAYERS), default="greedy")
    parser.add_argument("--moves", type=int, default=500)
    parser.add_argument("--sensor", choices=["features", "grid"], default="features")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    player = scripted.PLAYERS[arguments.player]
    data = replay(ARCADE, scripted.play(ARCADE, player, arguments.seed, arguments.moves))
    config = ConservativeConfig(sensor=arguments.sensor)
    trained = train(data, config, arguments.seed, lambda told: print(told.step, told.curve, flush=True))
    print(study.evaluate(trained.policy, seed=1).sentence())


if __name__ == "__main__":
    main()
