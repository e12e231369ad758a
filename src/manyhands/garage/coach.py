"""The coach: trains the runs that are posted, in a process of its own, and reports progress."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from sqlalchemy import select, update

from manyhands import jobs
from manyhands.envs.racer.race_types import TIME_TRIAL
from manyhands.errors import InputError, ManyhandsError, NotFoundError, RewardError
from manyhands.garage import evaluation, outputs
from manyhands.garage.orders import order_of, rules_of
from manyhands.garage.params import columns
from manyhands.garage.recording import Recording
from manyhands.garage.rewards.check import check
from manyhands.garage.rewards.limits import Limits
from manyhands.garage.rewards.runner import RewardRunner
from manyhands.garage.runs import RUN_JOB, TRACE, is_stopping
from manyhands.garage.training import Iteration, Training
from manyhands.policies import files
from manyhands.storage.content import ContentStore
from manyhands.storage.database import Database
from manyhands.storage.desk import Desk
from manyhands.storage.schema import runs
from manyhands.types import Json

TOLD = 400
"""Most iterations that a page is shown."""
PRINTED = 200
"""Most printed lines that a page is shown."""
TELL_S = 1.0
KEEP_S = 10.0
"""Least time between two states that are kept; the work since the last one is lost with the process."""


class Coach:
    """One coach process's work."""

    def __init__(
        self,
        database: Database,
        content: ContentStore,
        folders: tuple[Path, Path],
        limits: Limits,
        terms: jobs.WorkerTerms,
    ) -> None:
        """Prepare.

        Args:
            database: where runs are.
            content: where policies are put.
            folders: of trainings that are under way, and of imported tracks.
            limits: of reward functions.
            terms: how it works.
        """
        self._database, self._content, self._terms = database, content, terms
        self._desk, self._tracks, self._limits = Desk(folders[0]), folders[1], limits
        self._duties = jobs.Duties({RUN_JOB: self._train})

    def step(self) -> bool:
        """Train one run; returns False if none waits."""
        return jobs.run_one(self._database, self._duties, self._terms)

    def _train(self, context: jobs.Context) -> None:
        run_id = context.job.payload["run_id"]
        with self._database.read() as connection:
            terms = connection.execute(select(runs.c.terms).where(runs.c.id == run_id)).scalar()
        if terms is None:
            return  # deleted while it waited
        context.report(0.0, "trying the reward function")
        try:
            order = order_of(terms, self._tracks)
            cars = order.hyper.num_episodes_between_training
            # It is tried while the training compiles, which takes as long.
            with ThreadPoolExecutor(1) as aside:
                trial = aside.submit(
                    check, terms["source"], self._limits, order.track, backwards=order.reversed
                )
                training = Training(order, lambda trace: runner.reward(columns(trace)))
                trial.result().approve("time_trial" if order.race == TIME_TRIAL else "objects")
            with RewardRunner(terms["source"], cars, self._limits) as runner:
                context.report(0.0, "compiling")
                session = Session(context, self._desk, training, runner)
                session.begin(self._content, terms["origin"])
                session.run(60.0 * terms["minutes"], lambda: self._is_stopping(run_id))
        except (InputError, NotFoundError) as fault:  # trying again would change nothing
            told = (context.job.checkpoint or {}) | {"faults": _faults(fault)}
            self._finish(context, run_id, told)
            return
        context.report(1.0, "racing the best policy")
        policy = outputs.policy_of(training)
        race = evaluation.race(policy, order.track, rules_of(order), turned=order.reversed)
        kept = {"best": files.dump(policy), "latest": files.dump(outputs.policy_of(training, "latest"))}
        told = session.told | {
            "race": asdict(race),
            "policies": {which: self._content.put(data) for which, data in kept.items()},
            "trace": self._content.put(training.recording.dump(small=True)),
        }
        self._finish(context, run_id, told)

    def _finish(self, context: jobs.Context, run_id: str, told: Json) -> None:
        with context.outcome({}) as connection:
            connection.execute(update(runs).where(runs.c.id == run_id).values(result=told))
        self._desk.clear(run_id)

    def _is_stopping(self, run_id: str) -> bool:
        with self._database.read() as connection:
            return is_stopping(connection, run_id)


class Session:
    """One run's training: goes on from what was kept, tells the page, keeps its state."""

    def __init__(self, context: jobs.Context, desk: Desk, training: Training, runner: RewardRunner) -> None:
        self._context, self._desk, self._training, self._runner = context, desk, training, runner
        self._run_id = context.job.payload["run_id"]
        self._printed: deque[str] = deque(maxlen=PRINTED)
        self._told_s = self._kept_s = -float("inf")

    def begin(self, content: ContentStore, origin: Json | None) -> None:
        """Take up what was kept, or else the policy it is to begin with.

        Raises:
            NotFoundError: if the run that made that policy was deleted.
            InputError: if that policy does not drive this car.
        """
        kept = self._desk.take(self._run_id)
        if kept is not None:
            self._training.go_on(*kept)
            recorded = self._desk.read(self._run_id, TRACE)
            if recorded is not None:
                self._training.recording = Recording.load(recorded)
                self._training.recording.forget(len(self._training.history))
        elif origin is not None:
            with self._context.database.read() as connection:
                result = connection.execute(
                    select(runs.c.result).where(runs.c.id == origin["run_id"])
                ).scalar()
            if result is None:
                raise NotFoundError("The run it was to go on from was deleted.", field="origin")
            self._training.begin_with(files.parse(content.get(result["policies"][origin["which"]])))

    def run(self, limit_s: float, stops: Callable[[], bool]) -> None:
        """Train until the time is up or someone stops it; the last policy is driven, too."""
        training = self._training
        while training.seconds < limit_s and not stops():
            self._context.check()
            training.iterate()
            self._tell(min(1.0, training.seconds / limit_s))
        training.iterate(learn=False)
        self._tell(1.0, at_once=True)

    @property
    def told(self) -> Json:
        """What the page is shown of the run."""
        history = self._training.history
        best = max((done for done in history if done.best), key=lambda done: done.number, default=None)
        every = -(-len(history) // TOLD)
        shown = [done for done in history if done.best or done.number % every == 0] if history else []
        return {
            "iterations": [_row(done) for done in shown[-2 * TOLD :]],
            "printed": list(self._printed),
            "seconds": round(self._training.seconds, 2),
            "steps": sum(done.steps for done in history),
            "completion": best.completion_trials if best else None,
            "best_lap_ms": min(best.trial_laps_ms, default=None) if best else None,
            "policies": {"best": bool(history), "latest": bool(history)},
        }

    def _tell(self, progress: float, *, at_once: bool = False) -> None:
        self._printed.extend(self._runner.printed())
        now = time.monotonic()
        if not at_once and now - self._told_s < TELL_S:
            return
        self._told_s = now
        which: Literal["best", "latest"]
        for which in ("best", "latest"):
            self._desk.put(self._run_id, which, files.dump(outputs.policy_of(self._training, which)))
        if at_once or now - self._kept_s > KEEP_S:
            self._kept_s = now
            self._desk.keep(self._run_id, *self._training.kept())
            self._desk.put(self._run_id, TRACE, self._training.recording.dump())
        self._context.report(progress, "training", self.told)


def _row(done: Iteration) -> Json:
    names = ("number", "steps", "seconds", "reward", "completion", "completion_trials", "entropy", "best")
    plain = {name: getattr(done, name) for name in names}
    return plain | {"best_lap_ms": min(done.trial_laps_ms, default=None)}


def _faults(fault: ManyhandsError) -> list[Json]:
    if isinstance(fault, RewardError):
        return [{"line": one.line or None, "message": one.message} for one in fault.faults]
    return [{"line": None, "message": fault.sentence()}]
