"""Messages of traces and racing lines: what cars did step by step, and where they could go.

Names of a step's fields are those of DeepRacer's SIM_TRACE.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from manyhands.envs.racer.racing_line import Limits
from manyhands.server.messages.base import Message

TracePhase = Literal["training", "evaluation"]


class TraceGroup(Message):
    """Episodes of one iteration and phase."""

    episodes: int
    steps: int
    progress: float = Field(description="Mean percentage of the lap.")
    least: float = Field(description="Least percentage.")
    most: float = Field(description="Greatest percentage.")
    complete: float = Field(description="Percentage of episodes that completed the lap.")
    reward: float = Field(description="Mean sum of an episode's rewards; 0 where none are given.")
    best_lap_s: float | None


class TraceIteration(Message):
    """One iteration's episodes."""

    iteration: int
    training: TraceGroup | None
    evaluation: TraceGroup | None


class TraceEpisode(Message):
    """One episode, and where it ended."""

    iteration: int
    phase: TracePhase
    episode: int
    steps: int
    status: str
    progress: float
    reward: float
    seconds: float = Field(description="By the simulation's clock.")
    x: float
    y: float


class TraceAction(Message):
    """How often an action was taken."""

    index: int | None = Field(description="In the list of actions; none in a continuous space.")
    steering_angle: float = Field(description="Degrees, positive to the left; middle of a bin without index.")
    speed: float = Field(description="Commanded, metres a second.")
    count: int


class TraceExit(Message):
    """A waypoint at which episodes ended before their lap did."""

    waypoint: int
    count: int
    x: float
    y: float


class TraceWay(Message):
    """The way of one episode, step by step."""

    phase: TracePhase
    episode: int
    status: str
    x: list[float]
    y: list[float]
    speed: list[float] = Field(description="Driven, metres a second.")
    reward: list[float]


class TraceWays(Message):
    """The ways of one iteration."""

    iteration: int
    iterations: list[int] = Field(description="All that there are.")
    episodes: list[TraceWay] = Field(description="At most 30,000 steps in all.")


class TraceAnalysis(Message):
    """What a trace tells; metres in the coordinates of the track's file."""

    track: str | None = Field(description="The track it was driven on, where one of the server's fits.")
    offset_m: tuple[float, float] = Field(description="To be added for the coordinates of GET /api/tracks.")
    track_length_m: float
    iterations: int
    episodes: int
    steps: int
    completion: float
    laps: int
    best_lap_s: float | None
    exits: list[TraceExit] = Field(description="The twelve most frequent.")
    by_iteration: list[TraceIteration]
    each_episode: list[TraceEpisode] = Field(description="At most 4000, evenly taken where there are more.")
    actions: list[TraceAction]
    ways: TraceWays


class LineLimits(Message):
    """What a car may do on its line, as a query: its values are text, so it is not as strict as a body."""

    direction: Literal["forward", "reverse"] = "forward"
    speed: float = Field(default=Limits.speed_mps, ge=0.1, le=10.0, description="Greatest, metres a second.")
    lateral: float = Field(default=Limits.lateral_mps2, ge=0.1, le=50.0, description="Greatest, m/s².")
    acceleration: float = Field(
        default=Limits.acceleration_mps2, ge=0.1, le=50.0, description="Greatest, m/s²."
    )
    braking: float = Field(default=Limits.braking_mps2, ge=0.1, le=50.0, description="Greatest, m/s².")
    half_width: float = Field(
        default=Limits.half_width_m, ge=0.0, le=1.0, description="Kept from the borders, metres."
    )

    def limits(self) -> Limits:
        """As the line is made with."""
        return Limits(self.speed, self.lateral, self.acceleration, self.braking, self.half_width)


class RacingLine(Message):
    """The closed line of least curvature around a road, and the speeds at which it can be driven."""

    track: str
    length_m: float
    lap_s: float = Field(description="At these speeds.")
    centre_lap_s: float = Field(description="Lap time of the centre line under the same limits.")
    max_curvature: float = Field(description="1/m.")
    centre_max_curvature: float = Field(description="1/m.")
    offset_m: tuple[float, float] = Field(description="To be added for the coordinates of GET /api/tracks.")
    points: list[tuple[float, float, float]] = Field(
        description="(x, y, m/s) in driving order and in the coordinates of reward functions; the first one "
        "is repeated last."
    )
