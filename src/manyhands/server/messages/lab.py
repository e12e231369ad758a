"""Messages of experiments: one person's games, what learners made of them, and how they compare.

A *game* travels as its seed and one letter a step (`S`
straight, `R` right, `L` left, as the snake turned); everything else is computed from those by replay. In an
experiment of takeovers a game begins with moves of the packaged agent, its lead.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from manyhands.server.messages.base import Id, Message, Name, Request, Time

MOST_MOVES = 200_000
OBSERVATIONS_LEAST, OBSERVATIONS_MOST = 100, 5000

Learner = Literal["finetuned", "supervised", "inverse-q"]
LessonState = Literal["queued", "running", "done", "failed", "cancelled"]
Moves = Annotated[
    str,
    Field(max_length=MOST_MOVES, pattern=r"^[SRL]*$", description="One letter a step: S, R or L."),
]
Seed = Annotated[int, Field(ge=0, lt=2**32, description="Decides where foods appear.")]


class Board(Request):
    """Rules of an experiment's games; the defaults are the reference experiment's, `arcade`."""

    width: int = Field(default=32, ge=6, le=64, description="Cells from left to right.")
    height: int = Field(default=24, ge=6, le=64, description="Cells from top to bottom.")
    start_length: int = Field(default=3, ge=2, le=8, description="Cells of the snake at the start.")
    cap: int = Field(
        default=100,
        ge=10,
        le=1000,
        description="A game ends after this many steps for each cell of the snake.",
    )


class ExperimentCreate(Request):
    """Begin an experiment."""

    name: Name
    style: str = Field(
        default="",
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="How the person means to play.",
    )
    wanted: int = Field(
        ge=OBSERVATIONS_LEAST, le=OBSERVATIONS_MOST, description="Observations (steps) to collect."
    )
    balance: bool = Field(description="Weigh turns and straight moves alike when learning.")
    board: Board = Field(default_factory=Board)
    takeovers: bool = Field(
        default=False,
        description="Play on where the agent came to in games of its own, on the arcade board.",
    )


class GameCreate(Request):
    """A game as it was played; `over` is false if the person left before its end."""

    number: int = Field(ge=1, le=100_000, description="The experiment's `next_game.number`.")
    moves: Moves = Field(min_length=1)
    score: int = Field(ge=0, le=4096, description="Foods eaten by these moves, as the page counted.")
    over: bool = Field(description="Whether the game ended.")


class NextGame(Message):
    """The game to play next."""

    number: int
    seed: Seed
    lead: Moves = Field(description="What the agent does before the player takes over.")
    most: int | None = Field(description="Moves to hand in at most; null for no bound but `wanted`.")


class GameRow(Message):
    """A recorded game."""

    number: int
    score: int = Field(description="Foods eaten, computed by the server.")
    steps: int
    over: bool
    received_at: Time


class Estimate(Message):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


class RecordedGame(Message):
    """A game to be played back by the page."""

    seed: Seed
    moves: Moves
    score: int


class Played(Message):
    """How one policy plays: 1,000 seeded games, and how often it does what this person did."""

    score: Estimate = Field(description="Foods a game.")
    median: float
    best: int
    histogram: list[int] = Field(description="Games by score: entry k counts scores from 5k to 5k + 4.")
    agreement: Estimate = Field(description="Share of the person's held-out moves that it would make.")
    game: RecordedGame = Field(description="The game with the median score.")


class CurvePoint(Message):
    """One point of a learning curve."""

    step: int = Field(description="Gradient steps done.")
    value: float


class Curve(Message):
    """A learning curve."""

    name: str = Field(description="What is measured, for example `held-out loss`.")
    arm: Literal["human", "control"] = Field(description="Trained with the person's games, or without.")
    points: list[CurvePoint]


class LessonResult(Message):
    """What a learner made of the games, beside its base and its control."""

    taught: Played
    control: Played = Field(description="The same compute with no human data.")
    base: Played | None = Field(description="The pre-trained agent it began from, where there is one.")
    improvement: Estimate = Field(description="Foods a game above the control.")
    seconds: float = Field(description="Time of training and evaluation, in seconds.")
    gradient_steps: int


class Lesson(Message):
    """One learner's training on an experiment's games."""

    id: Id
    learner: Learner
    state: LessonState
    progress: float = Field(ge=0.0, le=1.0, description="Share done.")
    note: str = Field(description="What it does now, or why it failed.")
    observations: int = Field(description="Steps it learns from.")
    curves: list[Curve]
    result: LessonResult | None
    created_at: Time
    finished_at: Time | None


class ExperimentRow(Message):
    """An experiment in a list."""

    id: Id
    name: str
    style: str
    takeovers: bool
    observations: int = Field(description="Steps recorded so far.")
    wanted: int
    games: int
    best: int = Field(description="Highest score of a game.")
    created_at: Time


class Experiments(Message):
    """The player's own experiments, newest first."""

    items: list[ExperimentRow]


class Experiment(ExperimentRow):
    """One of the player's own experiments."""

    board: Board
    balance: bool
    score: Estimate | None = Field(
        description="Foods a game, of those that ended; null before two have, and for takeovers."
    )
    game: RecordedGame | None = Field(description="The game of median score among those that ended.")
    next_game: NextGame | None = Field(description="Null once enough is recorded.")
    recent: list[GameRow] = Field(description="The latest 20 games, newest first.")
    lessons: list[Lesson] = Field(description="The latest of each learner.")


class ExperimentImported(Message):
    """An experiment made from a file, and what was corrected or refused, in sentences."""

    experiment: Experiment
    report: list[str]


class LessonsCreate(Request):
    """Train learners on what is recorded."""

    learners: list[Learner] = Field(min_length=1, max_length=3)


class Lessons(Message):
    """The latest lesson of each learner."""

    items: list[Lesson]


class BoardRow(Message):
    """A line of the experiments' leaderboard."""

    rank: int
    experiment: str = Field(description="The experiment's name.")
    player: str
    learner: Learner
    observations: int
    score: Estimate
    improvement: Estimate = Field(description="Foods a game above the control.")
    is_own: bool


class ExperimentBoard(Message):
    """The leaderboard of experiments: improvement over the control, by its lower bound."""

    items: list[BoardRow]
