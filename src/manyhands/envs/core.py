"""What the judge needs of an environment; every registered one implements it with pure functions.

A *task* is an environment with its tracks (or boards), conditions and sensor fixed: all of a campaign that
the simulator must know. Methods work on one state; callers add `jax.vmap`.
"""

from typing import Any, Literal, Protocol

from jax import Array

State = Any  # a pytree of arrays, different for every environment
Plain = dict[str, Any]  # JSON


class Task(Protocol):
    """An environment as the judge sees it."""

    @property
    def environment(self) -> str:
        """Versioned id."""

    @property
    def ticks_per_s(self) -> int:
        """Control ticks a second."""

    @property
    def max_ticks(self) -> int:
        """Longest attempt, in control ticks."""

    @property
    def vector(self) -> int:
        """Length of the observation's vector part."""

    @property
    def image(self) -> tuple[int, int] | None:
        """Picture height and width, if the sensor is a camera."""

    @property
    def bins(self) -> tuple[int, ...]:
        """For each action axis, how many evenly spaced values policies of this task weigh."""

    @property
    def head(self) -> Literal["bins", "choice"]:
        """Whether actions between those values exist (`bins`) or not (`choice`)."""

    @property
    def progress_clip(self) -> float:
        """Largest value of one takeover, in units of progress."""

    def start(self, key: Array) -> State:
        """A fresh start drawn from the task's own distribution."""

    def observe(self, state: State) -> dict[str, Array]:
        """Observation of the task's sensor: `vector` float32 and, for cameras, `image` uint8."""

    def quantise(self, action: Array) -> Array:
        """Commanded action, floats in [-1, 1], to the int8 that is executed and recorded."""

    def step(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """One control tick: next state, progress (float32), ended (bool)."""

    def to_plain(self, state: State) -> Plain:
        """JSON form of a state, exact in float32."""

    def from_plain(self, plain: Plain) -> State:
        """State from its JSON form. Raises InputError naming the wrong field."""

    def final_of(self, state: State) -> Plain:
        """What a client reports of the state it ended in."""

    def deviation(self, state: State, final: Plain) -> float:
        """How far a client's final state is from the replayed one, in units of the replay tolerance."""
