"""`snake-v0` behind the interface of all environments: one board and one sensor."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from manyhands.envs.core import Plain
from manyhands.envs.hashing import WORD
from manyhands.envs.limits import require
from manyhands.envs.snake import middle, observation, rules, sight
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.rules import State
from manyhands.errors import InputError

SENSORS = ("features", "grid")
TICKS_PER_S = 8
LONGEST = 96
"""Cells of the longest snake with which attempts of a campaign begin."""


@dataclass(frozen=True)
class SnakeTask:
    """See `manyhands.envs.core.Task`. State is `rules.State`; progress is in foods, a death costs one.

    An action is one int8: -127 left, 0 straight, 127 right; `longest` above 0 begins in the middle of a game.
    """

    board: Board = field(default_factory=Board)
    sensor: str = "grid"
    longest: int = 0
    bins: tuple[int, ...] = (3,)
    head: Literal["bins", "choice"] = "choice"
    environment: str = "snake-v0"
    ticks_per_s: int = TICKS_PER_S
    max_ticks: int = 20 * TICKS_PER_S
    progress_clip: float = 3.0
    image: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.sensor not in SENSORS:
            raise InputError(
                f"There is no sensor {self.sensor!r}.",
                field="sensor",
                remedy=f"Use {' or '.join(SENSORS)}.",
            )
        if self.longest:
            require("longest", self.longest, self.board.start_length, self.board.cells // 4, whole=True)

    @property
    def vector(self) -> int:
        """Length of what the sensor gives."""
        return sight.length_of(self.sensor)

    def start(self, key: Array) -> State:
        """A game at its start, or in its middle, with foods nobody knows."""
        if self.longest:
            return middle.begin(self.board, self.longest, key)
        return rules.begin(self.board, jax.random.bits(key, (), jnp.uint32))

    def observe(self, state: State) -> dict[str, Array]:
        """What `observation.observe` gives, as `vector`."""
        return {"vector": observation.observe(self.board, state, self.sensor)}

    def quantise(self, action: Array) -> Array:
        """The nearest of left, straight and right, (1,) int8, of commands (1,) in [-1, 1]."""
        return (127.0 * jnp.clip(jnp.round(action), -1.0, 1.0)).astype(jnp.int8)

    def step(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """One move; progress is the food eaten, or the loss of the snake."""
        after, ate, ended = rules.move(self.board, state, jnp.sign(action[0]).astype(jnp.int32))
        # An attempt is short: without a price, dying in its last seconds would cost nothing that it counts.
        lost = ended & (after.length < self.board.cells)
        return after, ate.astype(jnp.float32) - lost, ended

    def to_plain(self, state: State) -> Plain:
        """The snake's cells, the head first, and the numbers that the rest follows from."""
        stamps = np.asarray(state.stamps)
        length = int(state.length)
        order = np.argsort(-stamps, kind="stable")[:length]
        return {
            "body": order.tolist(),
            "heading": int(state.heading),
            "food": int(state.food),
            "seed": int(state.seed),
            "eaten": int(state.eaten),
            "steps": int(state.steps),
        }

    def from_plain(self, plain: Plain) -> State:
        """Inverse of `to_plain`. Raises InputError naming the wrong field."""
        cells = self.board.cells
        limits = {"heading": 3, "food": cells - 1, "seed": WORD, "eaten": cells, "steps": cells * cells}
        for name, most in limits.items():
            require(f"start.{name}", plain.get(name), 0, most, whole=True)
        body = self._body(plain.get("body"))
        if plain["food"] in body and len(body) < cells:
            raise InputError("The food lies on the snake.", field="start.food")
        stamps = np.zeros(cells, np.int32)
        stamps[body] = np.arange(len(body), 0, -1)
        # Judges read hundreds of starts a second: arrays of numpy, which cost a twentieth of JAX's.
        whole: dict[str, Any] = {
            "stamps": stamps,
            "clock": np.int32(0),
            "head": np.int32(body[0]),
            "length": np.int32(len(body)),
            "seed": np.uint32(plain["seed"]),
        }
        whole |= {name: np.int32(plain[name]) for name in ("heading", "food", "eaten", "steps")}
        return State(**whole)

    def _body(self, body: object) -> list[int]:
        if not isinstance(body, list) or not 2 <= len(body) <= self.board.cells:
            raise InputError("The snake is no list of cells.", field="start.body")
        for cell in body:
            require("start.body", cell, 0, self.board.cells - 1, whole=True)
        width = self.board.width
        touching = (
            abs(one % width - other % width) + abs(one // width - other // width) == 1
            for one, other in pairwise(body)
        )
        if len(set(body)) < len(body) or not all(touching):
            raise InputError("The snake's cells are not one line.", field="start.body")
        return body

    def final_of(self, state: State) -> Plain:
        """What a client reports of the state it ended in: all of it but the cells between head and tail."""
        return {
            "head": int(state.head),
            "heading": int(state.heading),
            "length": int(state.length),
            "food": int(state.food),
            "steps": int(state.steps),
        }

    def deviation(self, state: State, final: Plain) -> float:
        """0 where all agrees, else beyond any tolerance: the rules know whole numbers only."""
        return 0.0 if final == self.final_of(state) else math.inf


def make(config: Plain, _suite: str) -> SnakeTask:
    """Task of a campaign's configuration; all suites draw from the same 2^32 foods, by keys of their own.

    config: `sensor` ({"kind": "features" | "grid"}) and optionally `conditions`: the board's `width`,
    `height`, `start_length` and `cap`, and `longest`, cells of the longest snake with which an attempt begins
    (0 for the start of a game). Raises InputError naming the field.
    """
    conditions = dict(config.get("conditions", {}))
    longest = conditions.pop("longest", LONGEST)
    try:
        board = Board(**conditions)
    except TypeError as fault:
        raise InputError(f"These conditions do not fit snake-v0: {fault}.", field="conditions") from fault
    return SnakeTask(board, parse_sensor(config.get("sensor", {"kind": "grid"})), longest)


def parse_sensor(plain: Plain) -> str:
    """Kind of a sensor from its JSON form. Raises InputError naming the field."""
    kind = plain.get("kind") if isinstance(plain, dict) and len(plain) == 1 else None
    if kind not in SENSORS:
        raise InputError(
            f"There is no sensor {plain!r}.",
            field="sensor",
            remedy=f'Give {{"kind": ...}} with {" or ".join(SENSORS)}.',
        )
    return str(kind)


def with_sensor(task: SnakeTask, sensor: Plain) -> SnakeTask:
    """The same board seen through another sensor."""
    return replace(task, sensor=parse_sensor(sensor))


def reference_driver(_config: Plain) -> str:
    """Name of the packaged policy that defines score 1.0."""
    return "snake-grid-reference"
