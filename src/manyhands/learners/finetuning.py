"""Fine-tuning of a Snake agent: double Q-learning goes on from a replay of a player's and of own moves.

    python -m manyhands.learners.finetuning base.safetensors --player searching --moves 500

Own moves are played once by the base, as many as fit, and stay in the replay; every minibatch holds a share
of the player's. On those a large margin is asked of the values as well (T. Hester et al., "Deep Q-learning
from Demonstrations", 2018), and on own moves the values may not leave the base's far behind: 500 moves must
not undo what millions taught. Values are averaged over the steps (B. Polyak, A. Juditsky, 1992). At last
games of validation decide how far to go from the base to what was learned.

The control is the same with no player: every row is an own one.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.snake import rules
from manyhands.envs.snake.board import ARCADE, Board
from manyhands.envs.snake.replay import Transitions, replay
from manyhands.envs.snake.rules import State
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import dqn, snake_rows
from manyhands.learners.snake_rows import Rows, Snapshot, Tell, Trained
from manyhands.policies import files, network
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params

WAYS = (1.0, 0.5, 0.25, 0.125, 0.0)  # from the base to what was learned


@dataclass(frozen=True)
class FinetuningConfig:
    """Settings of one training."""

    games: int = 128
    """own games, played in lockstep"""
    moves: int = 1200
    """own moves of each game"""
    explore: float = 0.01
    """chance of a random own move"""
    steps: int = 2000
    """minibatches"""
    batch: int = 256
    """moves of a minibatch"""
    share: float = 0.25
    """of a minibatch that are the player's"""
    returns: int = 3
    """moves of an own return"""
    rate: float = 2e-4
    """of Adam; falls to zero along a cosine"""
    discount: float = 0.98
    """per move, as in pre-training"""
    target: float = 0.005
    """share of the averaged network, which is the target as well, that a step replaces"""
    margin: float = 0.1
    """in foods, by which the player's move has to be the best"""
    imitation: float = 0.5
    """weight of that margin"""
    anchor: float = 1.0
    """weight of the squared distance to the base's values on own moves"""
    balance: float = 0.5
    """see `snake_rows.rows`; of the margin"""
    validation: int = 1024
    """games of each way that is in question; twice as many more where they leave it open"""
    board: Board = ARCADE
    """that is played on"""


class Own(NamedTuple):
    """Moves of the base, in the order they were made, (moves, games, ...)."""

    seen: Array  # float16
    turn: Array  # int8, index into dqn.TURNS
    reward: Array  # float32
    ended: Array  # bool


class Carry(NamedTuple):
    """What changes from step to step."""

    params: Params
    average: Params
    optimiser: Any


@partial(jax.jit, static_argnums=(0, 1, 2))
def remember(task: SnakeTask, spec: NetworkSpec, config: FinetuningConfig, params: Params, key: Array) -> Own:
    """Play own games; those that end begin anew."""
    start_key, play_key = jax.random.split(key)
    states = jax.vmap(task.start)(jax.random.split(start_key, config.games))

    def move(states: State, key: Array) -> tuple[State, Own]:
        chance, drawn, fresh_key = jax.random.split(key, 3)
        seen = jax.vmap(task.observe)(states)["vector"]
        random = jax.random.randint(drawn, (config.games,), 0, len(dqn.TURNS))
        explores = jax.random.uniform(chance, (config.games,)) < config.explore
        turn = jnp.where(explores, random, dqn.best(spec, params, seen))
        seeds = jax.random.bits(fresh_key, (config.games,), jnp.uint32)
        after, ate, ended = jax.vmap(partial(rules.move_on, task.board))(
            states, jnp.asarray(dqn.TURNS, jnp.int32)[turn], seeds
        )
        reward = jnp.where(ended, -1.0, ate.astype(jnp.float32))
        own = Own(seen.astype(jnp.float16), turn.astype(jnp.int8), reward, ended)
        return after, own

    _, own = jax.lax.scan(move, states, jax.random.split(play_key, config.moves))
    return Own(*own)


def _own_rows(config: FinetuningConfig, own: Own, count: int, key: Array) -> tuple[Array, ...]:
    """Seen, turn, return, discount of what follows, seen then, and no imitation, of `count` own moves."""
    when_key, who_key = jax.random.split(key)
    when = jax.random.randint(when_key, (count,), 0, config.moves - config.returns)
    who = jax.random.randint(who_key, (count,), 0, config.games)
    total, lives = jnp.zeros(count), jnp.ones(count)
    for step in range(config.returns):
        total += lives * own.reward[when + step, who]
        lives *= config.discount * ~own.ended[when + step, who]
    seen, later = own.seen[when, who], own.seen[when + config.returns, who]
    turn = own.turn[when, who].astype(jnp.int32)
    return seen.astype(jnp.float32), turn, total, lives, later.astype(jnp.float32), jnp.zeros(count)


def _loss(
    spec: NetworkSpec, config: FinetuningConfig, params: Params, nets: tuple[Params, Params], batch: Any
) -> Array:
    """Error of the values, the margin on the player's moves, the distance to the base on own ones."""
    average, base = nets
    seen, turn, total, lives, later, weight = batch
    said = network.head(spec, params, seen)
    made = jnp.take_along_axis(said, turn[:, None], axis=1)[:, 0]
    chosen = dqn.best(spec, params, later)
    ahead = jnp.take_along_axis(network.head(spec, average, later), chosen[:, None], axis=1)[:, 0]
    error = optax.huber_loss(made, jax.lax.stop_gradient(total + lives * ahead))
    others = config.margin * (1.0 - jax.nn.one_hot(turn, len(dqn.TURNS)))
    short = (said + others).max(axis=-1) - made
    apart = ((said - network.head(spec, base, seen)) ** 2).mean(axis=-1)
    held = jnp.where(weight > 0.0, config.imitation * weight * short, config.anchor * apart)
    return jnp.mean(error + held)


def _optimiser(config: FinetuningConfig) -> Any:
    return optax.chain(
        optax.clip_by_global_norm(10.0), optax.adam(optax.cosine_decay_schedule(config.rate, config.steps))
    )


@partial(jax.jit, static_argnums=(0, 1))
def _part(
    spec: NetworkSpec, config: FinetuningConfig, carry: Carry, given: tuple[Own, Any, Params], key: Array
) -> tuple[Carry, Array]:
    """A part of the steps; returns the mean loss as well."""
    own, theirs, base = given
    optimiser, count = _optimiser(config), round(config.share * config.batch) if theirs is not None else 0

    def step(carry: Carry, key: Array) -> tuple[Carry, Array]:
        own_key, their_key = jax.random.split(key)
        batch: Any = _own_rows(config, own, config.batch - count, own_key)
        if theirs is not None:
            at = jax.random.randint(their_key, (count,), 0, len(theirs[1]))
            batch = jax.tree.map(lambda a, b: jnp.concatenate([a, b[at]]), batch, theirs)
        loss, slopes = jax.value_and_grad(partial(_loss, spec, config))(
            carry.params, (carry.average, base), batch
        )
        change, state = optimiser.update(slopes, carry.optimiser, carry.params)
        params = optax.apply_updates(carry.params, change)
        return Carry(params, optax.incremental_update(params, carry.average, config.target), state), loss

    carry, found = jax.lax.scan(step, carry, jax.random.split(key, config.steps // snake_rows.PARTS))
    return carry, found.mean()


def _their_rows(found: Rows, config: FinetuningConfig) -> tuple[Array, ...]:
    """The player's moves in the form of `_own_rows`, with returns of one move."""
    lives = np.where(found.ended, 0.0, config.discount).astype(np.float32)
    return tuple(map(jnp.asarray, (found.seen, found.turn, found.reward, lives, found.after, found.weight)))


def _between(base: Params, learned: Params, way: float) -> Params:
    return {name: old + way * (learned[name] - old) for name, old in base.items()}


def choose_way(
    task: SnakeTask, policy: Policy, learned: Params, games: int, key: Array
) -> tuple[Params, float]:
    """The parameters farthest from a policy, on the way to the learned ones, that play as well as any there.

    As well is within one standard error of the best, in games of validation (the rule of L. Breiman et al.,
    "Classification and Regression Trees", 1984): a player's manner that costs nothing is worth having, since
    it is what was asked for. Ways that lie within two standard errors of the best play twice as many games
    more, so that few games neither cost foods nor a player's manner. The policy itself is kept only where
    each of the ways is worse by more than that.
    """
    first, second = jax.random.split(key)

    def play(way: float, key: Array, games: int) -> NDArray[np.int32]:
        return dqn.scores(task, policy.network, _between(policy.params, learned, way), key, games)

    found = {way: play(way, first, games) for way in WAYS}
    found = {way: found[way] for way in _near(found, 2.0)}
    if len(found) > 1:
        found = {way: np.concatenate([foods, play(way, second, 2 * games)]) for way, foods in found.items()}
    # Where the policy is the best, the least step is taken that cannot be told from it.
    way = max(_near(found, 1.0)) or min(filter(None, _near(found, 2.0)), default=0.0)
    return _between(policy.params, learned, way), way


def _near(found: dict[float, NDArray[np.int32]], errors: float) -> list[float]:
    """The ways whose mean lies within so many standard errors of the best one's."""
    best = max(found.values(), key=lambda foods: float(foods.mean()))
    least = best.mean() - errors * best.std() / len(best) ** 0.5
    return [way for way, foods in found.items() if foods.mean() >= least]


def train(
    base: Policy,
    data: Transitions | None,
    config: FinetuningConfig,
    seed: int,
    tell: Tell,
    resume: Snapshot | None = None,
) -> Trained:
    """Continue a base agent on a player's games, or as a control on none.

    Raises InputError for too few moves.
    """
    task, spec = SnakeTask(config.board, base.sensor["kind"]), base.network
    theirs = None
    if data is not None:
        found = snake_rows.rows(data, task.sensor, config.balance)
        theirs = _their_rows(snake_rows.symmetric(found), config)
    own_key, learn_key, games_key = jax.random.split(jax.random.key(seed), 3)
    own = remember(task, spec, config, base.params, own_key)

    def part(carry: Carry, number: int) -> tuple[Carry, dict[str, float]]:
        key = jax.random.fold_in(learn_key, number)
        carry, loss = _part(spec, config, Carry(*carry), (own, theirs, base.params), key)
        return carry, {"loss": float(loss)}

    copy = jax.tree.map(jnp.copy, base.params)
    carry = Carry(base.params, copy, _optimiser(config).init(base.params))
    carry, curves = snake_rows.in_parts(carry, part, config.steps, tell, resume)
    params, way = choose_way(task, base, carry.average, config.validation, games_key)
    return Trained(snake_rows.policy_of(task.sensor, spec, params), curves | {"way": [way]})


def main() -> None:
    """Fine-tune on a scripted player's moves; print base, control and fine-tuned."""
    from manyhands.envs.snake import scripted
    from manyhands.learners import snake_study as study

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("base", type=Path, help="policy file to continue")
    parser.add_argument("--player", choices=sorted(scripted.PLAYERS), default="searching")
    parser.add_argument("--moves", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    player = scripted.PLAYERS[arguments.player]
    base = files.parse(arguments.base.read_bytes())
    data = replay(ARCADE, scripted.play(ARCADE, player, arguments.seed, arguments.moves))
    other = replay(ARCADE, scripted.play(ARCADE, player, arguments.seed + 1, arguments.moves))
    found = {"base": base}
    for name, games in (("control", None), ("fine-tuned", data)):
        trained = train(base, games, FinetuningConfig(), arguments.seed, lambda _: None)
        print(name, trained.curves, flush=True)
        found[name] = trained.policy
    for name, policy in found.items():
        agrees = study.agreement(policy, other).share
        print(f"{name}: {study.evaluate(policy, seed=1).sentence()}, agreement {agrees:.3f}")


if __name__ == "__main__":
    main()
