"""An experiment's games as files: JSON with every observation, and a Minari dataset.

The Minari form follows the "Dataset standards" of its documentation: a folder `NAME/data` with
`metadata.json` and `main_data.hdf5`, which holds a group for each episode.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
from sqlalchemy import Connection

from manyhands.envs.snake import reference_form, sight
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.replay import Record, Transitions, replay
from manyhands.lab.experiments import games_of, own
from manyhands.types import Json

LABELS = {0: "straight", 1: "right", -1: "left"}
MINARI = "0.5.3"
"""Version of Minari whose form is written."""


def moves_of(experiment: Json, games: list[Json]) -> Transitions:
    """All recorded moves of an experiment, with what was seen before and after each."""
    rows = experiment["imported"]
    if rows is not None:
        return reference_form.transitions(
            np.array(rows["seen"], np.float32),
            np.array(rows["turn"], np.int8),
            np.array(rows["reward"], np.int8),
            np.array(rows["after"], np.float32),
        )
    records = [
        Record(game["seed"], game["moves"], game["score"], game["length"], game["lead"]) for game in games
    ]
    return replay(Board(**experiment["board"]), records)


def export_json(connection: Connection, experiment_id: str, player_id: str) -> bytes:
    """Games as they can be replayed, and each observation: 13 features before the press, and the press.

    Raises:
        NotFoundError: the experiment is not this player's.
    """
    experiment = own(connection, experiment_id, player_id)
    games = games_of(connection, experiment_id)
    moves = moves_of(experiment, games)
    seen, after = (
        np.round(half[:, : sight.FEATURES].astype(np.float64), 6).tolist()
        for half in (moves.seen, moves.after)
    )
    turns, rewards = moves.turn.tolist(), _rewards(moves).tolist()
    observations = [
        {"game": game + 1, "state": state, "action": LABELS[turn], "reward": reward, "nextState": then}
        for game, state, turn, reward, then in zip(
            moves.game.tolist(), seen, turns, rewards, after, strict=True
        )
    ]
    document = {
        "environment": "snake-v0",
        **{name: experiment[name] for name in ("name", "style", "board", "balance", "takeovers")},
        "games": [
            {name: game[name] for name in ("number", "seed", "lead", "moves", "score", "over")}
            for game in games
        ],
        "observations": observations,
    }
    return json.dumps(document, allow_nan=False).encode()


def export_minari(connection: Connection, experiment_id: str, player_id: str) -> bytes:
    """A ZIP file with the folder of a Minari dataset: all 256 numbers of the `grid` sensor.

    Raises:
        NotFoundError: the experiment is not this player's.
    """
    experiment = own(connection, experiment_id, player_id)
    games = games_of(connection, experiment_id)
    moves = moves_of(experiment, games)
    folder = f"snake/human-{experiment_id.replace('_', '-')}-v0/data"
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}/metadata.json", json.dumps(_metadata(experiment, moves)))
        archive.writestr(f"{folder}/main_data.hdf5", _hdf5(games, moves))
    return found.getvalue()


def _rewards(moves: Transitions) -> Any:
    return moves.ate.astype(np.float64) - moves.died


def _hdf5(games: list[Json], moves: Transitions) -> bytes:
    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        for place in range(_episodes(moves)):
            rows = np.flatnonzero(moves.game == place)
            episode = file.create_group(f"episode_{place}")
            steps = len(rows)
            episode.attrs.update({"id": place, "total_steps": steps})
            if games:
                episode.attrs.update({"seed": games[place]["seed"], "lead": games[place]["lead"]})
            # One more observation than actions: what the last move led to.
            seen = np.concatenate([moves.seen[rows], moves.after[rows[-1:]]])
            died = moves.died[rows]
            truncated = np.zeros(steps, bool)
            truncated[-1] = not died[-1]
            for name, values in (
                ("observations", seen),
                ("actions", moves.turn[rows].astype(np.int64) + 1),
                ("rewards", _rewards(moves)[rows]),
                ("terminations", died),
                ("truncations", truncated),
            ):
                episode.create_dataset(name, data=values)
    return held.getvalue()


def _episodes(moves: Transitions) -> int:
    return int(moves.game[-1]) + 1 if len(moves.game) else 0


def _metadata(experiment: Json, moves: Transitions) -> Json:
    wide = sight.length_of("grid")
    space = {"type": "Box", "dtype": "float32", "shape": [wide], "low": [-1.0] * wide, "high": [2.0] * wide}
    return {
        "dataset_id": f"snake/human-{experiment['id'].replace('_', '-')}-v0",
        "data_format": "hdf5",
        "minari_version": MINARI,
        "total_episodes": _episodes(moves),
        "total_steps": len(moves.turn),
        "observation_space": json.dumps(space),
        "action_space": json.dumps({"type": "Discrete", "dtype": "int64", "start": 0, "n": 3}),
        "algorithm_name": "a person",
        "description": f"{experiment['name']}: {experiment['style']}",
        "requirements": [],
    }
