"""The steward: drives entries and finals by the race's rules, and writes down what came of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, select, update

from manyhands import jobs
from manyhands.envs.racer import tracks
from manyhands.errors import InputError, ReplayRefusedError
from manyhands.garage import evaluation, head_to_head, race_rules
from manyhands.garage.evaluation import Drive
from manyhands.league.entries import ENTRY_JOB
from manyhands.league.finals import FINAL_JOB
from manyhands.policies import files
from manyhands.storage.content import ContentStore
from manyhands.storage.database import Database
from manyhands.storage.schema import race_entries, race_finals, races
from manyhands.types import Cid, Json

CLAIM_MS = 10
"""How far a lap that the page saw may be from the replay's, which counts."""


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
        query = (
            select(race_entries, races.c.track, races.c.direction, races.c.rules)
            .join(races, races.c.id == race_entries.c.race_id)
            .where(race_entries.c.id == entry_id)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return  # deleted while it waited
        try:
            result = self._driven(row)
        except (InputError, ReplayRefusedError) as fault:
            result = {"refused": fault.sentence()}
        with context.outcome({}) as connection:
            connection.execute(
                update(race_entries).where(race_entries.c.id == entry_id).values(result=result)
            )

    def _driven(self, row: Row[Any]) -> Json:
        track = tracks.track(row.track, self._tracks)
        rules, turned = race_rules.parse(row.rules), row.direction == "reverse"
        if row.policy_cid is not None:
            policy = files.parse(self._content.get(Cid(row.policy_cid)))
            drive = evaluation.drive(policy, track, rules, turned=turned)
        else:
            actions = np.frombuffer(row.actions, np.int8).reshape(-1, 2)
            drive = evaluation.replay(actions, track, rules, turned=turned)
            _confirm(row.claimed, drive.race.laps_ms)
        return result_of(drive, self._content.put(packed(drive)))

    def _final(self, context: jobs.Context) -> None:
        race_id = context.job.payload["race_id"]
        query = (
            select(race_finals, races.c.track, races.c.direction, races.c.rules)
            .join(races, races.c.id == race_finals.c.race_id)
            .where(race_finals.c.race_id == race_id)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one()
            entries = select(race_entries).where(race_entries.c.id.in_(row.grid))
            cids = {entry.id: entry.policy_cid for entry in connection.execute(entries)}
        try:
            result = self._raced(row, [Cid(cids[entry]) for entry in row.grid])
        except InputError as fault:
            result = {"refused": fault.sentence()}
        still_open = select(races.c.id).where(races.c.id == race_id, races.c.state == "open").exists()
        with context.outcome({}) as connection:
            # What was paid by qualifying, because this failed, is not turned over if it is tried again.
            connection.execute(
                update(race_finals).where(race_finals.c.race_id == race_id, still_open).values(result=result)
            )

    def _raced(self, row: Row[Any], cids: list[Cid]) -> Json:
        track = tracks.track(row.track, self._tracks)
        policies = [files.parse(self._content.get(cid)) for cid in cids]
        rules = race_rules.parse(row.rules)
        found = head_to_head.race(policies, track, rules, turned=row.direction == "reverse")
        races_of = {one.entry: asdict(one.race) for one in found.results}
        return {
            "cars": [{"entry_id": entry, **races_of[number]} for number, entry in enumerate(row.grid)],
            "ticks": len(found.poses),
            "length_m": round(float(track.length_m), 6),
            "replay_cid": self._content.put(head_to_head.packed(found)),
            "refused": None,
        }


def result_of(drive: Drive, path_cid: Cid) -> Json:
    """An entry's result: the race, the time that penalties took, where the car was put back, and what stood.

    objects: places of boxes as in a row of the path; driving: bot cars, whose places follow in each row.
    """
    return {
        **asdict(drive.race),
        "penalty_ms": sum(stop.ms for stop in drive.stops),
        "stops": [asdict(stop) for stop in drive.stops],
        "path_cid": path_cid,
        "objects": [] if drive.moving else _places(drive.objects[0]).tolist(),
        "driving": drive.objects.shape[1] if drive.moving else 0,
        "refused": None,
    }


def packed(drive: Drive) -> bytes:
    """The way that was driven, in the form of `entries.PATH_COLUMNS`, with those of bot cars beside it."""
    poses = drive.poses[:, None]
    if drive.moving:
        poses = np.concatenate([poses, drive.objects], axis=1)
    return _places(poses.reshape(-1, 4)).astype("<i4").tobytes()


def _places(poses: NDArray[np.float32]) -> NDArray[np.int64]:
    """x and y in millimetres and headings in milliradians (N, 3), of poses (N, 4)."""
    x, y, c, s = poses.astype(np.float64).T
    return np.rint(1000.0 * np.column_stack([x, y, np.arctan2(s, c)])).astype(np.int64)


def _confirm(claimed: list[int] | None, laps_ms: list[int]) -> None:
    """Raise ReplayRefusedError where the replay took other laps than the page saw."""
    seen = claimed or []
    if len(seen) != len(laps_ms) or any(
        abs(one - other) > CLAIM_MS for one, other in zip(seen, laps_ms, strict=True)
    ):
        raise ReplayRefusedError(f"The replay took the laps {laps_ms} ms, the page saw {seen} ms.")
