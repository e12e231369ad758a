"""What entries and finals come to when they are driven: a steward writes it down, an audit drives again.

The same policy, track and rules give the same result to the bit on the same machine and versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, select

from manyhands.envs.racer import tracks
from manyhands.errors import InputError, ReplayRefusedError
from manyhands.garage import evaluation, head_to_head, race_rules
from manyhands.garage.evaluation import Drive
from manyhands.policies import files
from manyhands.storage.content import ContentStore, content_id
from manyhands.storage.schema import race_entries, race_finals, races
from manyhands.types import Cid, Json

CLAIM_MS = 10
"""How far a lap that the page saw may be from the replay's, which counts."""

_RACE = (races.c.track, races.c.direction, races.c.rules)
ENTRIES = select(race_entries, *_RACE).join(races, races.c.id == race_entries.c.race_id)
"""Rows that `entry` takes."""
FINALS = select(race_finals, *_RACE).join(races, races.c.id == race_finals.c.race_id)
"""Rows that `final` takes."""


@dataclass(frozen=True)
class Driven:
    """A result as it is stored, and what pages replay; None where nothing could be driven."""

    result: Json
    replay: bytes | None


def entry(row: Row[Any], content: ContentStore, folder: Path) -> Driven:
    """Drive an entry.

    Args:
        row: of `ENTRIES`.
        content: where its policy is.
        folder: of imported tracks.

    Raises:
        StorageError: if the policy is missing or damaged.
    """
    try:
        drive = _drive(row, content, folder)
    except (InputError, ReplayRefusedError) as fault:
        return _refused(fault)
    replay = _packed(drive)
    return Driven(_result_of(drive, content_id(replay)), replay)


def policies_of(connection: Connection, final: Row[Any]) -> list[Cid]:
    """Return the policies of a final in the order of its grid."""
    query = select(race_entries.c.id, race_entries.c.policy_cid).where(race_entries.c.id.in_(final.grid))
    found = {row.id: row.policy_cid for row in connection.execute(query)}
    return [Cid(found[name]) for name in final.grid]


def final(row: Row[Any], cids: Sequence[Cid], content: ContentStore, folder: Path) -> Driven:
    """Drive a final.

    Args:
        row: of `FINALS`.
        cids: `policies_of` it.
        content: where they are.
        folder: of imported tracks.

    Raises:
        StorageError: if a policy is missing or damaged.
    """
    try:
        track = tracks.track(row.track, folder)
        policies = [files.parse(content.get(cid)) for cid in cids]
        rules = race_rules.parse(row.rules)
        found = head_to_head.race(policies, track, rules, turned=race_rules.is_reverse(row.direction))
    except InputError as fault:
        return _refused(fault)
    races_of = {one.entry: asdict(one.race) for one in found.results}
    replay = head_to_head.packed(found)
    result = {
        "cars": [{"entry_id": name, **races_of[number]} for number, name in enumerate(row.grid)],
        "ticks": len(found.poses),
        "length_m": round(float(track.length_m), 6),
        "replay_cid": content_id(replay),
        "refused": None,
    }
    return Driven(result, replay)


def _refused(fault: InputError | ReplayRefusedError) -> Driven:
    return Driven({"refused": fault.sentence()}, None)


def _drive(row: Row[Any], content: ContentStore, folder: Path) -> Drive:
    track = tracks.track(row.track, folder)
    rules, turned = race_rules.parse(row.rules), race_rules.is_reverse(row.direction)
    if row.policy_cid is not None:
        policy = files.parse(content.get(Cid(row.policy_cid)))
        return evaluation.drive(policy, track, rules, turned=turned)
    actions = np.frombuffer(row.actions, np.int8).reshape(-1, 2)
    drive = evaluation.replay(actions, track, rules, turned=turned)
    _confirm(row.claimed, drive.race.laps_ms)
    return drive


def _result_of(drive: Drive, path_cid: Cid) -> Json:
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


def _packed(drive: Drive) -> bytes:
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
