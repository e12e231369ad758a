"""Messages of the garage: a reward function, what is to be trained with it, and how that goes.

Action spaces and hyperparameters travel in the forms of
DeepRacer's `model_metadata.json` and `hyperparameters.json`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from manyhands.garage import api as garage
from manyhands.server.messages.base import ID_PATTERN, Id, Message, Name, Request, Time

Source = Annotated[
    str,
    Field(
        max_length=garage.MOST_CHARACTERS, description="Python source that defines reward_function(params)."
    ),
]
Sensor = Annotated[
    str,
    Field(
        pattern=r"^(lidar|sector-lidar(-(1|2|4|8|16|32|64)x([1-9]|1[0-6]))?"
        r"|(camera|stereo)-[1-9][0-9]{1,2}x[1-9][0-9]{1,2})$",
        max_length=18,
        description="lidar, sector-lidar, sector-lidar-SECTORSxLEVELS, camera- or stereo-WIDTHxHEIGHT.",
    ),
]
Which = Literal["best", "latest"]
Network = Literal["shallow", "deep", "deepracer-shallow", "deepracer-deep", "deepracer-deep-deep"]
Algorithm = Literal["ppo", "sac", "policy-gradient"]


class ActionChoice(Request):
    """One action of a list."""

    steering_angle: float = Field(ge=-30.0, le=30.0, description="Degrees, positive to the left.")
    speed: float = Field(ge=0.1, le=4.0, description="Metres a second.")


class ActionLimits(Request):
    """A range of one number."""

    low: float
    high: float


class ActionRanges(Request):
    """A continuous action space."""

    steering_angle: ActionLimits
    speed: ActionLimits


class RacePlace(Request):
    """Where an object stands, or begins."""

    percent: float = Field(ge=7.0, le=90.0, description="Percentage of the lap from the start line.")
    lane: Literal["inside", "outside"]


RaceKind = Literal["time_trial", "object_avoidance", "head_to_bot", "head_to_head"]


class RaceType(Request):
    """What else is on the road."""

    type: RaceKind = Field(
        default="time_trial",
        description="`head_to_head` in races alone: each policy drives alone for its place on the grid, and "
        "the best of them race one another when the race has closed.",
    )
    objects: int = Field(default=0, ge=0, le=6, description="Boxes or bot cars; 0 in a time trial.")
    places: list[RacePlace] = Field(
        default=[], max_length=6, description="Place of each object, in order and 13 % apart; drawn if empty."
    )
    speed_mps: float = Field(default=1.0, ge=0.2, le=6.0, description="Speed of bot cars.")
    changes: bool = Field(default=False, description="Whether bot cars change lanes.")
    change_s: list[float] = Field(
        default=[1.0, 5.0],
        min_length=2,
        max_length=2,
        description="Least and most seconds between two changes, 1 to 5.",
    )


class RunOrigin(Request):
    """The policy a run begins with."""

    run_id: str = Field(pattern=ID_PATTERN, max_length=64)
    which: Which = "best"


class RunCreate(Request):
    """Train a car with a reward function."""

    name: Name
    source: Source
    track: str = Field(max_length=64, description="A track's id, as in GET /api/tracks.")
    direction: Literal["forward", "reverse"] = "forward"
    sensor: Sensor = "lidar"
    network: Network = Field(default="shallow", description="The deepracer ones read pictures only.")
    action_space: list[ActionChoice] | ActionRanges = Field(description="A list of actions, or ranges.")
    hyperparameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="By DeepRacer's names; what is absent has its default."
    )
    minutes: float = Field(default=5.0, gt=0.0, le=1440.0, description="Time to train.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="The same seed gives the same policy.")
    origin: RunOrigin | None = Field(default=None, description="Go on with the policy of another run.")
    algorithm: Algorithm = Field(default="ppo", description="sac takes ranges of actions only.")
    race: RaceType | None = Field(default=None, description="A time trial if absent.")


class RewardSource(Request):
    """A reward function to be looked at."""

    source: Source


class RewardFault(Message):
    """What is wrong with a reward function."""

    line: int | None = Field(description="Line of the source, from 1, where one can be named.")
    message: str


class TriedFault(RewardFault):
    """A fault with where it showed."""

    races: list[str] = Field(description="time_trial or objects; none where it shows without running.")
    states: list[str] = Field(description="Places on the lap, in words.")


class RewardCheck(Message):
    """All that is wrong with a reward function at once."""

    ok: bool
    time_trial: bool = Field(description="Whether it can be trained with, alone on the track.")
    objects: bool = Field(description="The same with boxes on the track.")
    faults: list[TriedFault]
    warnings: list[RewardFault] = Field(description="What DeepRacer's own validator would refuse.")
    call_us: float | None = Field(description="Median time of a call, in microseconds.")
    printed: list[str]


class Iteration(Message):
    """Figures of one iteration, all of the policy that drove it."""

    number: int
    steps: int = Field(description="Steps of exploring cars.")
    seconds: float = Field(description="Since the run began.")
    reward: float = Field(description="Mean sum of an episode's rewards.")
    completion: float = Field(description="Mean share of the lap by exploring cars, 0 to 100.")
    completion_trials: float = Field(description="The same for greedy trials.")
    entropy: float = Field(description="Nats.")
    best_lap_ms: int | None = Field(description="Shortest lap of the greedy trials.")
    best: bool = Field(description="Whether its trials were the best so far.")


class Race(Message):
    """Laps of the best policy under the default rules: 3 laps, 2 s off the track, 5 s for a crash."""

    finished: bool
    laps_ms: list[int]
    total_ms: int | None
    best_ms: int | None
    average_ms: int | None
    off_tracks: int
    crashes: int
    progress: float = Field(description="Percentage of all laps that was driven.")


class RunRow(Message):
    """A run in a list."""

    id: Id
    name: str
    track: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(ge=0.0, le=1.0)
    note: str
    seconds: float = Field(description="Time trained.")
    steps: int = Field(description="Steps of exploring cars.")
    completion: float | None = Field(description="Mean percentage of the lap in the best policy's trials.")
    best_lap_ms: int | None
    created_at: Time
    finished_at: Time | None


class Runs(Message):
    """The player's own runs, newest first."""

    items: list[RunRow]


class RunOrder(Message):
    """What was asked for."""

    source: str
    track: str
    direction: str
    sensor: str
    network: Network
    action_space: JsonValue
    hyperparameters: dict[str, JsonValue]
    minutes: float
    seed: int
    origin: dict[str, JsonValue] | None
    algorithm: Algorithm
    race: RaceType | None


class Policies(Message):
    """Whether there is a policy to download."""

    best: bool
    latest: bool


class Run(RunRow):
    """One of the player's own runs."""

    order: RunOrder
    iterations: list[Iteration] = Field(description="At most 400, evenly taken where there are more.")
    printed: list[str] = Field(description="The latest lines that the reward function printed.")
    faults: list[RewardFault] = Field(description="All that ended the run, if the reward function did.")
    race: Race | None = Field(description="Once the run is done.")
    policies: Policies


class RewardExample(Message):
    """A reward function to begin with."""

    name: str
    source: str


class AlgorithmOptions(Message):
    """What an algorithm is told."""

    name: Algorithm
    hyperparameters: dict[str, JsonValue] = Field(description="Defaults by name.")
    ranges: dict[str, list[JsonValue]] = Field(description="Least and most, or all values, by name.")


class GarageOptions(Message):
    """What the form offers."""

    algorithms: list[AlgorithmOptions]
    sensors: list[str]
    networks: list[Network]
    steering_granularities: list[int]
    examples: list[RewardExample]
