"""One person's Snake games made into a policy by one of three learners, beside a control, and its worth.

    taught = teach("supervised", lesson, seed, tell)
    found = report(taught, lesson, seed, tell)

The learners are `finetuned` (`finetuning`, on what the base sees), `supervised` (`cloning`) and `inverse-q`
(`conservative`, both on the thirteen features). A control is the same compute with no human data: fine-tuning
with own moves in place of the person's, cloning and offline learning on as many moves of a player that turns
at random. The last fifth of a lesson's moves is held out: nothing learns from it, and agreement is counted on
it. What is raised in `tell` ends the work; `teach` then goes on from the last `Progress` that was told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from manyhands.envs.snake import scripted
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.replay import Transitions, replay
from manyhands.errors import InputError
from manyhands.learners import cloning, conservative, finetuning, snake_study
from manyhands.learners.cloning import CloningConfig
from manyhands.learners.conservative import ConservativeConfig
from manyhands.learners.finetuning import FinetuningConfig
from manyhands.learners.snake_rows import Snapshot, Step, Trained
from manyhands.learners.snake_study import Agreement, Scores
from manyhands.policies.files import Policy

LEARNERS = ("finetuned", "supervised", "inverse-q")
HELD_OUT = 5  # one move in so many, at the end
GAMES_SEED = 1_000_003  # plus the seed: games that no training plays
EVEN = 0.5  # of `snake_rows.rows`, when labels are to be balanced
Curves = dict[str, list[float]]
Stage = Literal["human", "control", "games"]
Who = Literal["base", "taught", "control"]


@dataclass(frozen=True)
class Settings:
    """Of the three learners; `balance` and `board` are taken from the lesson."""

    supervised: CloningConfig = field(default_factory=CloningConfig)
    inverse_q: ConservativeConfig = field(default_factory=ConservativeConfig)
    finetuned: FinetuningConfig = field(default_factory=FinetuningConfig)

    def steps_of(self, learner: str) -> int:
        """Minibatches of a learner's training, and of its control's."""
        found = {
            "finetuned": self.finetuned.steps,
            "supervised": self.supervised.steps,
            "inverse-q": self.inverse_q.steps,
        }
        return found[learner]


@dataclass(frozen=True)
class Lesson:
    """What there is to learn from.

    moves: the recorded games, `replay(board, records)`; board: they were played on, and all that is played
    here; balance: whether rare turns weigh more; base: pre-trained policy, of either sensor, to be fine-tuned
    and to be compared with.
    """

    moves: Transitions
    board: Board
    balance: bool
    base: Policy
    settings: Settings = field(default_factory=Settings)

    @property
    def learned(self) -> Transitions:
        """The moves that may be learned from."""
        return Transitions(*(leaf[: self._first_held] for leaf in vars(self.moves).values()))

    @property
    def held(self) -> Transitions:
        """The last fifth."""
        return Transitions(*(leaf[self._first_held :] for leaf in vars(self.moves).values()))

    @property
    def _first_held(self) -> int:
        count = len(self.moves.turn)
        return count - count // HELD_OUT


@dataclass(frozen=True)
class Halfway:
    """Where a teaching stands: the person's training if it is finished, and a snapshot of the present one."""

    human: Trained | None
    snapshot: Snapshot
    seconds: float


@dataclass(frozen=True)
class Progress:
    """What is told: stage, its share that is done in [0, 1], the newest point of each of its curves."""

    stage: Stage
    share: float
    curve: dict[str, float]
    halfway: Halfway | None = None


@dataclass(frozen=True)
class Taught:
    """A policy and its control, less than 1 MB each, with their curves.

    seconds: of both trainings; steps: minibatches of each.
    """

    learner: str
    policy: Policy
    control: Policy
    curves: Curves
    control_curves: Curves
    seconds: float
    steps: int


@dataclass(frozen=True)
class Report:
    """Games of all three on the same seeds, agreement with the held-out moves, time and minibatches spent."""

    scores: dict[Who, Scores]
    agreements: dict[Who, Agreement]
    seconds: float
    steps: int


Tell = Callable[[Progress], object]
StepTell = Callable[[Step], object]


def teach(learner: str, lesson: Lesson, seed: int, tell: Tell, resume: Halfway | None = None) -> Taught:
    """Train on the person's moves, then the control; the same seed gives the same on the same machine.

    tell: called ten times for each of the stages `human` and `control`; resume: what the last call held.
    Raises InputError for an unknown learner, too few moves, or a resumption of another lesson.
    """
    if learner not in LEARNERS:
        raise InputError(
            f"There is no learner {learner!r}.", field="learner", remedy=f"Use one of {', '.join(LEARNERS)}."
        )
    begun_s = time.perf_counter() - (resume.seconds if resume else 0.0)
    human = resume.human if resume else None

    def telling(stage: Stage, finished: Trained | None) -> StepTell:
        def told(step: Step) -> None:
            halfway = Halfway(finished, step.snapshot, time.perf_counter() - begun_s)
            tell(Progress(stage, step.step / step.steps, step.curve, halfway))

        return told

    going = resume.snapshot if resume else None
    if human is None:
        human = _train(learner, lesson, lesson.learned, seed)(telling("human", None), going)
        going = None
    nobodys = _nobodys(learner, lesson, seed)
    control = _train(learner, lesson, nobodys, seed)(telling("control", human), going)
    seconds = time.perf_counter() - begun_s
    # Not from what was told: a teaching that had only its games left tells nothing any more.
    steps = lesson.settings.steps_of(learner)
    return Taught(learner, human.policy, control.policy, human.curves, control.curves, seconds, steps)


def _nobodys(learner: str, lesson: Lesson, seed: int) -> Transitions | None:
    """What a control learns from: as many moves, none of them the person's."""
    if learner == "finetuned":
        return None
    games = scripted.play(lesson.board, scripted.aimless, seed, len(lesson.learned.turn))
    return replay(lesson.board, games)


def _train(
    learner: str, lesson: Lesson, data: Transitions | None, seed: int
) -> Callable[[StepTell, Snapshot | None], Trained]:
    """The training of a learner, still to be told whom to tell and where to begin."""
    balance, settings = EVEN if lesson.balance else 0.0, lesson.settings
    if data is None or learner == "finetuned":
        tuning = replace(settings.finetuned, balance=balance, board=lesson.board)
        return partial(finetuning.train, lesson.base, data, tuning, seed)
    if learner == "supervised":
        return partial(cloning.train, data, replace(settings.supervised, balance=balance), seed)
    return partial(conservative.train, data, replace(settings.inverse_q, balance=balance), seed)


def report(
    taught: Taught, lesson: Lesson, seed: int, tell: Tell, games: int = 1000, base: Scores | None = None
) -> Report:
    """Play `games` games of base, taught and control each; tells of stage `games` after each of the three.

    base: what an earlier report with the same seed and number of games found for the base, if there is one.
    """
    begun_s = time.perf_counter()
    scores: dict[Who, Scores] = {"base": base} if base else {}
    agreements: dict[Who, Agreement] = {}
    players: dict[Who, Policy] = {"base": lesson.base, "taught": taught.policy, "control": taught.control}
    for name, policy in players.items():
        if name not in scores:
            scores[name] = snake_study.evaluate(policy, lesson.board, games, GAMES_SEED + seed)
        agreements[name] = snake_study.agreement(policy, lesson.held)
        tell(Progress("games", len(agreements) / len(players), {name: scores[name].mean}))
    seconds = taught.seconds + time.perf_counter() - begun_s
    return Report(scores, agreements, seconds, taught.steps)
