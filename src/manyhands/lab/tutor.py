"""The tutor: trains what lessons ask for, in a process of its own, and writes down what came of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, select, update

from manyhands import jobs
from manyhands.envs.snake.board import Board
from manyhands.lab import halfway
from manyhands.lab.experiments import games_of
from manyhands.lab.exports import moves_of
from manyhands.lab.lessons import LESSON_JOB
from manyhands.learners import snake_lessons, snake_rows, snake_study
from manyhands.learners.snake_lessons import Curves, Lesson, Progress, Report, Taught, Who
from manyhands.learners.snake_study import Scores
from manyhands.policies import files, reference
from manyhands.storage.content import ContentStore
from manyhands.storage.database import Database
from manyhands.storage.desk import Desk
from manyhands.storage.schema import experiments, lessons
from manyhands.types import Json

BASE, BLIND_BASE = "snake-grid-reference", "snake-features-base"
"""The packaged agent that is fine-tuned; the second one where only the 13 features are known."""
GAMES, GAMES_SEED = 1000, 0
BIN = 5  # foods of a bar of the histogram
# Shares of a lesson's time: the person's games, the control, the games that measure both.
_SHARES = {"human": (0.0, 0.4), "control": (0.4, 0.4), "games": (0.8, 0.2)}
_NOTES = {
    "human": "learning from your games",
    "control": "training the control, without your games",
    "games": f"playing {GAMES:,} games with each",
}


class Tutor:
    """One tutor process's work."""

    def __init__(
        self, database: Database, content: ContentStore, desk: Path, terms: jobs.WorkerTerms
    ) -> None:
        """Prepare.

        Args:
            database: where lessons and games are.
            content: where what was learned is put.
            desk: folder for trainings that are under way.
            terms: how it works.
        """
        self._database, self._content, self._terms = database, content, terms
        self._desk = Desk(desk)
        self._bases: dict[tuple[Board, str], Scores] = {}
        self._duties = jobs.Duties({LESSON_JOB: self._teach})

    def step(self) -> bool:
        """Train one lesson; returns False if none waits."""
        return jobs.run_one(self._database, self._duties, self._terms)

    def _teach(self, context: jobs.Context) -> None:
        lesson_id = context.job.payload["lesson_id"]
        with self._database.read() as connection:
            found = _load(connection, lesson_id)
        if found is None:
            return  # deleted while it waited
        learner, lesson = found
        context.report(0.0, "looking at your games")
        tell = self._teller(context, lesson_id, learner)
        seed = zlib.crc32(lesson_id.encode()) % 2**16
        kept = self._desk.take(lesson_id)
        begun = halfway.read(*kept) if kept else None
        taught = snake_lessons.teach(learner, lesson, seed, tell, begun)
        # All lessons are measured by the same games, which the base needs to play once.
        played = (lesson.board, lesson.base.sensor["kind"])
        report = snake_lessons.report(taught, lesson, GAMES_SEED, tell, GAMES, self._bases.get(played))
        self._bases[played] = report.scores["base"]
        result = self._result(taught, report)
        with context.outcome({}) as connection:
            connection.execute(update(lessons).where(lessons.c.id == lesson_id).values(result=result))
        self._desk.clear(lesson_id)

    def _teller(self, context: jobs.Context, lesson_id: str, learner: str) -> Callable[[Progress], None]:
        """What tells the player's page how it goes, and keeps each state for whoever goes on from it."""
        curves: dict[str, Curves] = {"human": {}, "control": {}}
        steps = snake_lessons.Settings().steps_of(learner)

        def tell(progress: Progress) -> None:
            reached = progress.halfway
            if reached is not None:
                self._desk.keep(lesson_id, *halfway.stored(reached))
                curves[progress.stage] = reached.snapshot.curves
                if reached.human is not None:
                    curves["human"] = reached.human.curves
            begin, width = _SHARES[progress.stage]
            context.report(
                begin + width * progress.share,
                _NOTES[progress.stage],
                {"curves": _curves(steps, curves["human"], curves["control"])},
            )

        return tell

    def _result(self, taught: Taught, report: Report) -> Json:
        return {
            "taught": _played(report, "taught"),
            "control": _played(report, "control"),
            # The others begin from nothing.
            "base": _played(report, "base") if taught.learner == "finetuned" else None,
            "improvement": _improvement(report),
            "seconds": round(report.seconds, 2),
            "gradient_steps": report.steps,
            "curves": _curves(taught.steps, taught.curves, taught.control_curves),
            "taught_cid": self._content.put(files.dump(taught.policy)),
            "control_cid": self._content.put(files.dump(taught.control)),
        }


def _load(connection: Connection, lesson_id: str) -> tuple[str, Lesson] | None:
    """Learner and material of a lesson: the moves that were recorded when it was asked for."""
    lesson = connection.execute(select(lessons).where(lessons.c.id == lesson_id)).mappings().one_or_none()
    if lesson is None:
        return None
    query = select(experiments).where(experiments.c.id == lesson["experiment_id"])
    experiment = dict(connection.execute(query).mappings().one())
    moves = moves_of(experiment, games_of(connection, experiment["id"])).first(lesson["observations"])
    board = Board(**experiment["board"])
    base = reference.driver(BASE if experiment["imported"] is None else BLIND_BASE)
    return lesson["learner"], Lesson(moves, board, experiment["balance"], base)


def _curves(steps: int, human: Curves, control: Curves) -> list[Json]:
    """Curves of both arms for a page; a training of `steps` steps has a point after each of its parts."""
    return [
        {
            "name": name.replace("_", " "),
            "arm": arm,
            "points": [
                {"step": place * steps // snake_rows.PARTS, "value": value}
                for place, value in enumerate(points, 1)
            ],
        }
        for arm, curves in (("human", human), ("control", control))
        for name, points in curves.items()
        # What is measured once, at the end, is no curve.
        if len(points) > 1
    ]


def _played(report: Report, who: Who) -> Json:
    scores, agreement = report.scores[who], report.agreements[who]
    return {
        "score": {"mean": scores.mean, "low": scores.low, "high": scores.high},
        "median": float(np.median(scores.foods)),
        "best": int(scores.foods.max()),
        "histogram": np.bincount(scores.foods // BIN).tolist(),
        "agreement": {"mean": agreement.share, "low": agreement.low, "high": agreement.high},
        "game": {"seed": scores.example.seed, "moves": scores.example.moves, "score": scores.example.score},
    }


def _improvement(report: Report) -> Json:
    """Foods a game above the control; both played the same foods, so games are compared in pairs."""
    gap = report.scores["taught"].foods.astype(float) - report.scores["control"].foods
    reach = snake_study.Z_95 * gap.std(ddof=1) / len(gap) ** 0.5
    return {"mean": gap.mean(), "low": gap.mean() - reach, "high": gap.mean() + reach}
