"""What all learners of recorded Snake games share: their rows, parts of a training, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from manyhands.envs.snake import sight
from manyhands.envs.snake.replay import Transitions
from manyhands.envs.snake.task import SnakeTask
from manyhands.errors import InputError
from manyhands.learners import dqn
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params

F32 = NDArray[np.float32]
LEAST_MOVES = 50
PARTS = 10
BLOCK = 20  # neighbouring moves resemble each other, so they are held out together
EVERY = 5  # one block in so many
# Where a quarter turn clockwise takes the flags of left, right, up, down.
QUARTER = (3, 2, 0, 1)
MIRRORED = (1, 0, 2, 3)


class Rows(NamedTuple):
    """Moves as learners read them; the turn as an index into (left, straight, right)."""

    seen: F32  # (N, F)
    turn: NDArray[np.int32]  # (N,)
    reward: F32  # (N,) 1 for a food, -1 for the death
    ended: NDArray[np.bool_]  # (N,)
    after: F32  # (N, F)
    weight: F32  # (N,) of mean 1


@dataclass(frozen=True)
class Snapshot:
    """A training between two parts, to be resumed: parts done, arrays of its state, curves so far."""

    part: int
    leaves: tuple[NDArray[Any], ...]
    curves: dict[str, list[float]]


@dataclass(frozen=True)
class Step:
    """What a training tells after each of its PARTS: its curves' newest points, and where it stands."""

    step: int
    steps: int
    curve: dict[str, float]
    snapshot: Snapshot


@dataclass(frozen=True)
class Trained:
    """A finished training."""

    policy: Policy
    curves: dict[str, list[float]]


Tell = Callable[[Step], object]
"""Called after each part; what it raises ends the training, whose last snapshot can be resumed."""


def rows(data: Transitions, sensor: str, balance: float = 0.0) -> Rows:
    """The moves as a sensor sees them.

    balance: 0 weighs all moves alike, 1 gives each of the three turns the same weight in all, and what lies
    between goes part of the way: most moves go straight on, and what matters are the turns.
    Raises InputError for fewer than LEAST_MOVES.
    """
    if len(data.turn) < LEAST_MOVES:
        raise InputError(
            f"There are {len(data.turn)} moves to learn from.",
            field="games",
            remedy=f"Play at least {LEAST_MOVES}.",
        )
    wide = sight.length_of(sensor)
    reward = data.ate.astype(np.float32) - data.died.astype(np.float32)
    turn = data.turn.astype(np.int32) + 1
    each = (len(turn) / np.maximum(np.bincount(turn, minlength=3), 1.0)) ** balance
    weight = (each[turn] / each[turn].mean()).astype(np.float32)
    return Rows(data.seen[:, :wide], turn, reward, data.died, data.after[:, :wide], weight)


def split(found: Rows) -> tuple[Rows, Rows]:
    """Blocks to learn from, and every fifth block, held out."""
    # Few moves make shorter blocks, so that there is a fifth one.
    block = min(BLOCK, len(found.turn) // EVERY)
    out = np.arange(len(found.turn)) // block % EVERY == EVERY - 1
    return Rows(*(leaf[~out] for leaf in found)), Rows(*(leaf[out] for leaf in found))


def symmetric(found: Rows) -> Rows:
    """The rows in all eight positions of the square: the rules know no preferred direction."""
    parts = []
    for flipped in (False, True):
        seen, turn, after = found.seen, found.turn, found.after
        if flipped:
            seen, turn, after = _mirrored(seen), 2 - turn, _mirrored(after)
        for _ in range(4):
            parts.append(Rows(seen, turn, found.reward, found.ended, after, found.weight))
            seen, after = _turned(seen), _turned(after)
    return Rows(*(np.concatenate(leaves) for leaves in zip(*parts, strict=True)))


def _turned(seen: F32) -> F32:
    """What is seen after the board was turned clockwise by a quarter."""
    found = seen.copy()
    found[:, 3:7] = seen[:, 3:7][:, QUARTER]
    found[:, 7:11] = seen[:, 7:11][:, QUARTER]
    found[:, 11] = _wrapped(seen[:, 11] + 0.25)
    return found


def _mirrored(seen: F32) -> F32:
    """What is seen after left and right of the board were exchanged."""
    found = seen.copy()
    found[:, 1], found[:, 2] = seen[:, 2], seen[:, 1]
    found[:, 3:7] = seen[:, 3:7][:, MIRRORED]
    found[:, 7:11] = seen[:, 7:11][:, MIRRORED]
    found[:, 11] = _wrapped(0.5 - seen[:, 11])
    if seen.shape[1] > sight.FEATURES:
        layers = seen[:, sight.FEATURES :].reshape(-1, 3, sight.SIDE, sight.SIDE)
        found[:, sight.FEATURES :] = layers[..., ::-1].reshape(len(seen), -1)
    return found


def _wrapped(angle: F32) -> F32:
    """Turns in (-.5, .5]."""
    return np.where(angle > 0.5, angle - 1.0, angle).astype(np.float32)


def in_parts(
    carry: Any,
    run: Callable[[Any, int], tuple[Any, dict[str, float]]],
    steps: int,
    tell: Tell,
    resume: Snapshot | None,
) -> tuple[Any, dict[str, list[float]]]:
    """Go through PARTS parts, from a snapshot's one on; returns the last state and the curves.

    carry: the state at the beginning, a tree of arrays; run(carry, part): one part and its curves' points.
    Raises InputError if the snapshot is of another training.
    """
    curves: dict[str, list[float]] = {}
    first = 0
    if resume is not None:
        leaves, tree = jax.tree.flatten(carry)
        if [np.shape(leaf) for leaf in leaves] != [np.shape(leaf) for leaf in resume.leaves]:
            raise InputError("The snapshot is of another training.", field="resume", remedy="Start anew.")
        carry = jax.tree.unflatten(tree, resume.leaves)
        curves = {name: list(points) for name, points in resume.curves.items()}
        first = resume.part
    for part in range(first, PARTS):
        carry, points = run(carry, part)
        for name, point in points.items():
            curves.setdefault(name, []).append(point)
        kept = {name: list(points) for name, points in curves.items()}
        arrays = tuple(np.asarray(leaf) for leaf in jax.tree.leaves(carry))
        tell(Step((part + 1) * steps // PARTS, steps, points, Snapshot(part + 1, arrays, kept)))
    return carry, curves


def spec_of(sensor: str, hidden: tuple[int, ...]) -> NetworkSpec:
    """Network with an output for each of left, straight, right; the largest one is played."""
    return dqn.spec_of(SnakeTask(sensor=sensor), hidden)


def policy_of(sensor: str, spec: NetworkSpec, params: Params) -> Policy:
    """The policy file's content."""
    return Policy("snake-v0", {"kind": sensor}, spec, params)
