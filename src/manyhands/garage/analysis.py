"""What SIM_TRACE tells of a training: its iterations, episodes, actions, exits and ways. Plain numpy.

The usual analyses of the community (deepracer-utils, Log Guru): progress and completion by iteration, ways
coloured by speed and reward, where cars leave the road, how often each action is taken, reward against the
time of a lap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.racer import tracks
from manyhands.envs.racer.tracks import CELL_M, Track
from manyhands.errors import NotFoundError
from manyhands.garage.traces import NO_ACTION, Part, Phase, Rows
from manyhands.types import Json

MOST_EPISODES = 4000
"""that are told one by one, evenly taken where there are more"""
MOST_POINTS = 30_000
"""of the ways that are told"""
MOST_EXITS = 12
SAME_LENGTH = 0.01
ON_ROAD = 0.9
"""share of a trace's steps that must lie on a road for it to be that road's"""
STEERING_BIN_DEG, SPEED_BIN_MPS = 5.0, 0.5

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Episode:
    """One episode: its rows, and what came of it.

    seconds: by the simulation's clock, of a lap from its first action to the line. x, y: where it ended.
    """

    phase: Phase
    iteration: int
    rows: Rows
    status: str
    progress: float
    reward: float
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether the lap was."""
        return self.status == "lap_complete"

    @property
    def plain(self) -> Json:
        """JSON form, without the way."""
        last = self.rows[-1]
        return {
            "iteration": self.iteration,
            "phase": self.phase,
            "episode": int(last["episode"]),
            "steps": len(self.rows),
            "status": self.status,
            "progress": round(self.progress, 2),
            "reward": round(self.reward, 4),
            "seconds": round(self.seconds, 3),
            "x": round(float(last["X"]), 3),
            "y": round(float(last["Y"]), 3),
        }


def episodes_of(parts: Iterable[Part]) -> list[Episode]:
    """The episodes of a trace, in its order."""
    found = []
    for part in parts:
        rows = part.rows
        # An episode ends where its number changes, or where its steps begin anew (several workers).
        fresh = (np.diff(rows["episode"]) != 0) | (np.diff(rows["steps"]) < 0)
        for piece in np.split(rows, np.flatnonzero(fresh) + 1):
            if len(piece):
                found.append(_episode(part, piece))
    return found


def _episode(part: Part, rows: Rows) -> Episode:
    clock = rows["tstamp"]
    return Episode(
        phase=part.phase,
        iteration=part.iteration,
        rows=rows,
        status=str(rows["episode_status"][-1]),
        progress=float(rows["progress"].max()),
        reward=float(rows["reward"].sum()),
        seconds=float(clock[-1] - clock[0]),
    )


def summary(parts: list[Part]) -> Json:
    """Episodes, completion, laps, best lap and exit points of a trace."""
    episodes = episodes_of(parts)
    laps = [one.seconds for one in episodes if one.complete]
    return {
        "iterations": len({(part.phase, part.iteration) for part in parts}),
        "episodes": len(episodes),
        "steps": sum(len(one.rows) for one in episodes),
        "track_length_m": round(float(np.median([part.rows["track_len"][0] for part in parts])), 3),
        "completion": round(float(np.mean([min(100.0, one.progress) for one in episodes])), 2),
        "laps": len(laps),
        "best_lap_s": round(min(laps), 3) if laps else None,
        "exits": _exits(episodes),
    }


def analyse(parts: list[Part], road: Track | None, iteration: int | None) -> Json:
    """All analyses of a trace.

    road: what it was driven on, which gives `offset_m`, to be added to get from the trace to the track's
    metres. iteration: whose ways are told; that of the most progress, the last of equals, if absent. Raises
    NotFoundError for one that the trace does not have.
    """
    episodes = episodes_of(parts)
    rows = np.concatenate([part.rows for part in parts])
    offset = road.origin_m if road is not None and road.rows is not None else (0.0, 0.0)
    every = -(-len(episodes) // MOST_EPISODES)
    return {
        **summary(parts),
        "track": None if road is None else road.id,
        "offset_m": list(offset),
        "by_iteration": _by_iteration(episodes),
        "each_episode": [one.plain for one in episodes[::every]],
        "actions": _actions(rows),
        "ways": _ways(episodes, iteration),
    }


def road_of(parts: list[Part], folder: Path) -> Track | None:
    """The road that a trace was driven on, of the catalogue and the imported ones; None if none fits."""
    length = float(np.median([part.rows["track_len"][0] for part in parts]))
    points = np.concatenate([np.column_stack([part.rows["X"], part.rows["Y"]]) for part in parts])[::7]
    names = [entry.id for entry in tracks.catalogue() if _alike(entry.length_m, length)]
    for name in [*tracks.imported(folder), *names]:
        road = tracks.track(name, folder)
        if _alike(road.length_m, length) and _on_road(road, points) > ON_ROAD:
            return road
    return None


def _alike(length_m: float, other_m: float) -> bool:
    return abs(length_m - other_m) <= SAME_LENGTH * other_m


def _on_road(road: Track, points: F64) -> float:
    """Share of points (N, 2), in the coordinates of the track's file, that lie on a road."""
    shift = road.origin_m if road.rows is not None else (0.0, 0.0)
    cells = np.floor((points + np.asarray(shift)) / CELL_M).astype(np.int64)
    inside = ((cells >= 0) & (cells < np.array(road.distance.shape))).all(axis=1)
    return float((road.distance[tuple(cells[inside].T)] > 0).sum() / len(points))


def _by_iteration(episodes: list[Episode]) -> list[Json]:
    groups: dict[int, dict[Phase, list[Episode]]] = {}
    for one in episodes:
        groups.setdefault(one.iteration, {}).setdefault(one.phase, []).append(one)
    return [
        {
            "iteration": number,
            "training": _group(phases.get("training", [])),
            "evaluation": _group(phases.get("evaluation", [])),
        }
        for number, phases in sorted(groups.items())
    ]


def _group(episodes: list[Episode]) -> Json | None:
    if not episodes:
        return None
    progress = [min(100.0, one.progress) for one in episodes]
    laps = [one.seconds for one in episodes if one.complete]
    return {
        "episodes": len(episodes),
        "steps": sum(len(one.rows) for one in episodes),
        "progress": round(float(np.mean(progress)), 2),
        "least": round(min(progress), 2),
        "most": round(max(progress), 2),
        "complete": round(100.0 * len(laps) / len(episodes), 2),
        "reward": round(float(np.mean([one.reward for one in episodes])), 4),
        "best_lap_s": round(min(laps), 3) if laps else None,
    }


def _actions(rows: Rows) -> list[Json]:
    """How often each action was taken; in a continuous space, actions are put together by bins."""
    rows = rows[rows["episode_status"] != "prepare"]
    listed = rows[rows["action"] != NO_ACTION]
    found: list[Json] = []
    _, first, times = np.unique(listed["action"], return_index=True, return_counts=True)
    for row, count in zip(listed[first], times.tolist(), strict=True):
        found.append(_action(int(row["action"]), float(row["steer"]), float(row["throttle"]), count))
    free = rows[rows["action"] == NO_ACTION]
    steering = STEERING_BIN_DEG * np.round(free["steer"] / STEERING_BIN_DEG)
    speed = SPEED_BIN_MPS * np.round(free["throttle"] / SPEED_BIN_MPS)
    pairs, counts = np.unique(np.column_stack([steering, speed]), axis=0, return_counts=True)
    for (angle, pace), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        found.append(_action(None, angle, pace, count))
    return found


def _action(index: int | None, steering: float, speed: float, count: int) -> Json:
    return {"index": index, "steering_angle": round(steering, 2), "speed": round(speed, 2), "count": count}


def _exits(episodes: list[Episode]) -> list[Json]:
    """Where episodes ended before the lap did: waypoints by how many did so there, the middle of these."""
    ended = [one for one in episodes if one.status in ("off_track", "crashed")]
    by_waypoint: dict[int, list[Any]] = {}
    for one in ended:
        by_waypoint.setdefault(int(one.rows["closest_waypoint"][-1]), []).append(one.rows[-1])
    found = []
    for waypoint, here in by_waypoint.items():
        found.append(
            {
                "waypoint": waypoint,
                "count": len(here),
                "x": round(float(np.mean([row["X"] for row in here])), 3),
                "y": round(float(np.mean([row["Y"] for row in here])), 3),
            }
        )
    return sorted(found, key=lambda exit_: (-exit_["count"], exit_["waypoint"]))[:MOST_EXITS]


def _ways(episodes: list[Episode], iteration: int | None) -> Json:
    """The ways of one iteration's episodes: places, driven speeds in m/s and rewards."""
    progress: dict[int, list[float]] = {}
    for one in episodes:
        progress.setdefault(one.iteration, []).append(min(100.0, one.progress))
    known = sorted(progress)
    if iteration is None:
        iteration = max(known, key=lambda number: (float(np.mean(progress[number])), number))
    if iteration not in known:
        raise NotFoundError(
            f"The trace has no iteration {iteration}.",
            field="iteration",
            remedy=f"It has {len(known)}, from {known[0]} to {known[-1]}.",
        )
    told = []
    points = 0
    for one in (one for one in episodes if one.iteration == iteration):
        points += len(one.rows)
        if points > MOST_POINTS:
            break
        told.append(
            {
                "phase": one.phase,
                "episode": int(one.rows["episode"][0]),
                "status": one.status,
                "x": np.round(one.rows["X"], 3).tolist(),
                "y": np.round(one.rows["Y"], 3).tolist(),
                "speed": np.round(speeds(one.rows), 2).tolist(),
                "reward": np.round(one.rows["reward"], 4).tolist(),
            }
        )
    return {"iteration": iteration, "iterations": known, "episodes": told}


def speeds(rows: Rows) -> F64:
    """Driven speeds (n,) in m/s: way over time of each step, 0 before the first."""
    way = np.hypot(np.diff(rows["X"]), np.diff(rows["Y"]))
    passed = np.diff(rows["tstamp"])
    known = np.divide(way, passed, out=np.zeros_like(way), where=passed > 1e-6)
    return np.concatenate([[0.0], known])
