"""Behaviour cloning of Snake: do what the player did, as far as it shows in moves that were held out.

    python -m manyhands.learners.cloning --player greedy --moves 500

Supervised imitation as in D. Pomerleau, "ALVINN", 1989, with repairs that 500 moves need. Most moves go
straight on, so rarer turns weigh more. Where a player did now one thing, now another, in positions that agree
in all their flags, the label is part the move and part the player's own shares there. The eight symmetries of
the square multiply the moves, and so does closing ways that were not taken (the choice axiom of R. Luce,
"Individual Choice Behavior", 1959). The number of steps is that with the smallest loss on held-out moves.
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
from manyhands.learners.snake_rows import F32, Rows, Snapshot, Tell, Trained
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

FLAGS = 11  # of the features: dangers, headings, directions of the food
DANGERS = (2, 0, 1)  # features that say of left, straight, right that it is deadly


@dataclass(frozen=True)
class CloningConfig:
    """Settings of one training."""

    sensor: str = "features"
    """features or grid"""
    steps: int = 3000
    """minibatches at most"""
    batch: int = 256
    """rows of a minibatch"""
    rate: float = 2e-3
    """of AdamW; falls to zero along a cosine"""
    decay: float = 1e-3
    """of AdamW"""
    balance: float = 0.5
    """0 weighs all moves alike, 1 gives each of the turns the same weight in all"""
    shared: float = 0.5
    """part of a label that is the player's shares in positions with the same flags"""
    hidden: tuple[int, ...] = (128, 128)
    """widths of the hidden layers"""


def targets(found: Rows, config: CloningConfig) -> F32:
    """Soft labels (N, 3): the move, mixed with the player's shares in positions with the same flags."""
    move = np.eye(3, dtype=np.float32)[found.turn]
    _, kind = np.unique(found.seen[:, :FLAGS], axis=0, return_inverse=True)
    sums = np.zeros((kind.max() + 1, 3), np.float32)
    np.add.at(sums, kind, move)
    shares = sums / sums.sum(axis=1, keepdims=True)
    return np.asarray((1.0 - config.shared) * move + config.shared * shares[kind], np.float32)


def narrowed(found: Rows) -> Rows:
    """The rows of features, and each with one, the other and both turns deadly that the player did not make.

    A choice stays the same when what was not chosen is no longer there to be chosen. Few of 500 moves are
    made next to anything deadly: without these rows a clone runs into walls that the player avoids.
    """
    parts = []
    for first, second in ((False, False), (True, False), (False, True), (True, True)):
        seen = found.seen.copy()
        for closed, step in ((first, 1), (second, 2)):
            if closed:
                flag = np.array(DANGERS)[(found.turn + step) % 3]
                seen[np.arange(len(seen)), flag] = 1.0
        parts.append(found._replace(seen=seen))
    return Rows(*(np.concatenate(leaves) for leaves in zip(*parts, strict=True)))


def _loss(spec: NetworkSpec, params: Params, batch: tuple[Array, Array, Array]) -> Array:
    """Weighted cross-entropy."""
    seen, target, weight = batch
    chances = jax.nn.log_softmax(network.head(spec, params, seen))
    return -((target * chances).sum(axis=-1) * weight).mean()


def _optimiser(config: CloningConfig) -> Any:
    schedule = optax.cosine_decay_schedule(config.rate, config.steps)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=config.decay))


@partial(jax.jit, static_argnums=(0, 1))
def _part(spec: NetworkSpec, config: CloningConfig, carry: Any, data: Any, held: Any, key: Array) -> Any:
    """A part of the steps, then the held-out loss; keeps the parameters for which it is smallest."""
    optimiser = _optimiser(config)

    def step(carry: tuple[Params, Any], key: Array) -> tuple[tuple[Params, Any], Array]:
        params, state = carry
        at = jax.random.randint(key, (config.batch,), 0, len(data[0]))
        batch = jax.tree.map(lambda leaf: leaf[at], data)
        loss, slopes = jax.value_and_grad(partial(_loss, spec))(params, batch)
        change, state = optimiser.update(slopes, state, params)
        return (optax.apply_updates(params, change), state), loss

    params, state, best, least = carry
    keys = jax.random.split(key, config.steps // snake_rows.PARTS)
    (params, state), losses = jax.lax.scan(step, (params, state), keys)
    out = _loss(spec, params, held)
    best = jax.tree.map(lambda new, old: jnp.where(out < least, new, old), params, best)
    return (params, state, best, jnp.minimum(out, least)), losses.mean(), out


def train(
    data: Transitions, config: CloningConfig, seed: int, tell: Tell, resume: Snapshot | None = None
) -> Trained:
    """Clone the player of the games. Raises InputError for too few moves."""
    learned, held = snake_rows.split(snake_rows.rows(data, config.sensor, config.balance))
    learned = snake_rows.symmetric(learned)
    if config.sensor == "features":
        learned = narrowed(learned)
    spec = snake_rows.spec_of(config.sensor, config.hidden)
    given, out = ((found.seen, targets(found, config), found.weight) for found in (learned, held))
    first, second = jax.random.split(jax.random.key(seed))
    params = network.init(spec, first)

    def part(carry: Any, number: int) -> tuple[Any, dict[str, float]]:
        carry, loss, aside = _part(spec, config, carry, given, out, jax.random.fold_in(second, number))
        return carry, {"loss": float(loss), "held_out_loss": float(aside)}

    carry = (params, _optimiser(config).init(params), params, jnp.float32(jnp.inf))
    carry, curves = snake_rows.in_parts(carry, part, config.steps, tell, resume)
    return Trained(snake_rows.policy_of(config.sensor, spec, carry[2]), curves)


def main() -> None:
    """Clone a scripted player and print what the clone scores."""
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
    config = CloningConfig(sensor=arguments.sensor)
    trained = train(data, config, arguments.seed, lambda told: print(told.step, told.curve, flush=True))
    print(study.evaluate(trained.policy, seed=1).sentence())


if __name__ == "__main__":
    main()
