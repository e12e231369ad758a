"""The steward: drives entries and finals by the race's rules, and writes down what came of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, update

from manyhands import jobs
from manyhands.league import driving
from manyhands.league.driving import Driven
from manyhands.league.entries import ENTRY_JOB
from manyhands.league.finals import FINAL_JOB
from manyhands.storage.content import ContentStore
from manyhands.storage.database import Database
from manyhands.storage.schema import race_entries, race_finals, races


class Steward:
    """One steward's work; beside a coach, so that no entry waits for a training."""

    def __init__(
        self, database: Database, content: ContentStore, folder: Path, terms: jobs.WorkerTerms
    ) -> None:
        """Prepare.

        Args:
            database: where entries are.
            content: where policies are and paths are put.
            folder: of imported tracks.
            terms: how it works.
        """
        self._database, self._content, self._terms = database, content, terms
        self._tracks = folder
        self._duties = jobs.Duties({ENTRY_JOB: self._judge, FINAL_JOB: self._final})

    def step(self) -> bool:
        """Drive one entry or final; returns False if none waits."""
        return jobs.run_one(self._database, self._duties, self._terms)

    def _judge(self, context: jobs.Context) -> None:
        entry_id = context.job.payload["entry_id"]
        with self._database.read() as connection:
            row = connection.execute(driving.ENTRIES.where(race_entries.c.id == entry_id)).one_or_none()
        if row is None:
            return  # deleted while it waited
        driven = driving.entry(row, self._content, self._tracks)
        self._keep(driven)
        with context.outcome({}) as connection:
            connection.execute(
                update(race_entries).where(race_entries.c.id == entry_id).values(result=driven.result)
            )

    def _final(self, context: jobs.Context) -> None:
        race_id = context.job.payload["race_id"]
        with self._database.read() as connection:
            row = connection.execute(driving.FINALS.where(race_finals.c.race_id == race_id)).one()
            cids = driving.policies_of(connection, row)
        driven = driving.final(row, cids, self._content, self._tracks)
        self._keep(driven)
        still_open = select(races.c.id).where(races.c.id == race_id, races.c.state == "open").exists()
        with context.outcome({}) as connection:
            # What was paid by qualifying, because this failed, is not turned over if it is tried again.
            own = update(race_finals).where(race_finals.c.race_id == race_id, still_open)
            connection.execute(own.values(result=driven.result))

    def _keep(self, driven: Driven) -> None:
        if driven.replay is not None:
            self._content.put(driven.replay)
