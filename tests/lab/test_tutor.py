"""Lessons from request to result: trained, reported, cancelled, resumed by another process, deleted."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from manyhands import jobs
from manyhands.envs.snake import scripted
from manyhands.envs.snake.board import TURNS, Board
from manyhands.envs.snake.game import Game
from manyhands.lab import api as lab
from manyhands.lab import halfway
from manyhands.lab.experiments import lead_of
from manyhands.lab.lessons import LEARNERS
from manyhands.lab.tutor import Tutor
from manyhands.learners import cloning, snake_lessons
from manyhands.learners.snake_lessons import Halfway
from manyhands.learners.snake_rows import Snapshot
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database, open_database
from manyhands.storage.desk import Desk
from manyhands.storage.schema import players
from manyhands.types import Json, now_us

PLAYER = "plr_aaaaaaaaaaaaaaaa"
BOARD = {"width": 8, "height": 8, "start_length": 3, "cap": 100}
TERMS = jobs.WorkerTerms("tutor-test", 20.0, 0.05)
KILLS = 2
PATIENCE_S = 600.0  # a busy machine takes its time to compile the learner


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = open_database(sqlite_url)
    with found.write() as connection:
        connection.execute(
            insert(players).values(id=PLAYER, name="Ada", created_us=now_us(), consent_us=now_us())
        )
    yield found
    found.close()


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train and measure with less: what is tested here is the way of a lesson, not what it is worth."""
    train = cloning.train

    def shorter(data: Any, config: cloning.CloningConfig, *rest: Any) -> Any:
        return train(data, replace(config, steps=50), *rest)

    monkeypatch.setattr(cloning, "train", shorter)
    monkeypatch.setattr("manyhands.lab.tutor.GAMES", 8)


@pytest.fixture
def tutor(database: Database, tmp_path: Path) -> Tutor:
    return Tutor(database, ContentStore(tmp_path / "content"), tmp_path / "lessons", TERMS)


def recorded(database: Database) -> str:
    """An experiment with 150 moves of a player who goes straight for the food."""
    order = lab.ExperimentOrder(PLAYER, "abcdefgh", "Greedy", "", 150, True, BOARD)
    with database.write() as connection:
        experiment_id = lab.create(connection, order, now_us())
        experiment = lab.own(connection, experiment_id, PLAYER)
    chance, left, number = random.Random(0), 150, 1
    while left:
        game, letters = Game(Board(**BOARD), lead_of(experiment, number).seed), ""
        while not game.ended and len(letters) < left:
            turn = scripted.greedy(game, chance)
            letters += scripted.LETTERS[turn]
            game.move(turn)
        played = lab.Played(number, letters, game.eaten, bool(game.ended))
        with database.write() as connection:
            experiment = lab.own(connection, experiment_id, PLAYER)
            lab.add_game(connection, experiment_id, PLAYER, lab.replayed(experiment, played), now_us())
        left, number = left - len(letters), number + 1
    return experiment_id


def ask(database: Database) -> str:
    """Ask for a clone of the player."""
    experiment_id = recorded(database)
    with database.write() as connection:
        lab.teach(connection, experiment_id, PLAYER, ["supervised"], now_us())
        return str(lab.latest(connection, experiment_id)[0]["id"])


def lesson(database: Database, lesson_id: str) -> dict[str, Any]:
    with database.read() as connection:
        return lab.own_lesson(connection, lesson_id, PLAYER)


@pytest.mark.usefixtures("little")
def test_a_lesson_is_taught_and_reported(database: Database, tutor: Tutor, tmp_path: Path) -> None:
    lesson_id = ask(database)
    assert tutor.step()
    assert not tutor.step()
    found = lesson(database, lesson_id)
    assert (found["state"], found["progress"], found["observations"]) == ("done", 1.0, 150)
    result = found["result"]
    for who in ("taught", "control"):
        played = result[who]
        assert played["score"]["low"] <= played["score"]["mean"] <= played["score"]["high"]
        assert sum(played["histogram"]) == 8
        game = Game(Board(**BOARD), played["game"]["seed"])
        for letter in played["game"]["moves"]:
            assert not game.ended
            game.move(TURNS[letter])
        assert game.ended
        assert game.eaten == played["game"]["score"]
    assert result["base"] is None
    gap = result["taught"]["score"]["mean"] - result["control"]["score"]["mean"]
    assert result["improvement"]["mean"] == pytest.approx(gap)
    assert {curve["arm"] for curve in found["curves"]} == {"human", "control"}
    assert not list((tmp_path / "lessons").iterdir())
    with database.read() as connection:
        assert ContentStore(tmp_path / "content").get(lab.policy_cid(connection, lesson_id, PLAYER))
        [row] = lab.board(connection, PLAYER)
    assert (row["experiment"], row["player"], row["is_own"]) == ("Greedy", "Ada", True)


@pytest.mark.usefixtures("little")
def test_a_cancelled_lesson_goes_on_where_it_was(
    database: Database, tutor: Tutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson_id = ask(database)
    keep, told = Desk.keep, []

    def cancelling(desk: Desk, of: str, facts: Json, arrays: dict[str, np.ndarray]) -> None:
        keep(desk, of, facts, arrays)
        told.append(("human" in arrays, facts["part"]))
        if len(told) == 13:
            with database.write() as connection:
                lab.cancel(connection, lesson_id, PLAYER, now_us())

    monkeypatch.setattr(Desk, "keep", cancelling)
    assert tutor.step()
    assert lesson(database, lesson_id)["state"] == "cancelled"
    assert told[-1] == (True, 3)
    with database.write() as connection:
        lab.resume(connection, lesson_id, PLAYER)
    with database.read() as connection:
        assert lab.unfinished(connection, {lesson_id, "les_deleted"}) == {lesson_id}
    # Another process has nothing but what lies on the disk.
    assert Tutor(database, ContentStore(tmp_path / "content"), tmp_path / "lessons", TERMS).step()
    assert told[13] == (True, 4)
    assert lesson(database, lesson_id)["state"] == "done"


def test_a_deleted_lesson_is_dropped(database: Database, tutor: Tutor) -> None:
    ask(database)
    with database.write() as connection:
        lab.withdraw(connection, PLAYER, now_us())
    assert not tutor.step()


def test_what_is_kept_halfway_is_read_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lessons")
    leaves = (np.arange(3, dtype=np.float32), np.asarray(4, np.int32), np.zeros((2, 2)))
    desk.keep("les_a", *halfway.stored(Halfway(None, Snapshot(2, leaves, {"loss": [0.5, 0.25]}), 1.5)))
    kept = desk.take("les_a")
    assert kept is not None
    found = halfway.read(*kept)
    assert (found.human, found.seconds, found.snapshot.part) == (None, 1.5, 2)
    assert found.snapshot.curves == {"loss": [0.5, 0.25]}
    assert all(map(np.array_equal, found.snapshot.leaves, leaves))


def test_the_learners_of_the_interface_are_those_of_the_lessons() -> None:
    assert LEARNERS == snake_lessons.LEARNERS


@contextmanager
def teaching(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A tutor's own process over a data folder, killed at the end."""
    program = Path(__file__).with_name("crash_tutor.py")
    terms = {"MANYHANDS_LEASE_S": "2", "MANYHANDS_POLL_S": "0.05"}
    with (folder / "tutor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), "tutor", "--data", str(folder)],
            env=os.environ | terms,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def reached(folder: Path, lesson_id: str, share: float) -> dict[str, Any]:
    """Wait until that share of a lesson is done."""
    database, ends = open_database(Settings(data=folder).url), time.monotonic() + PATIENCE_S
    try:
        while (found := lesson(database, lesson_id))["progress"] <= share and found["state"] != "done":
            assert time.monotonic() < ends, (found, (folder / "tutor.log").read_text()[-3000:])
            time.sleep(0.02)
    finally:
        database.close()
    return found


@pytest.mark.timeout(1500)
def test_a_killed_tutor_loses_nothing_and_changes_nothing(tmp_path: Path) -> None:
    """Killed again and again, a lesson ends as it would have ended without."""
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    calm.mkdir()
    database = open_database(Settings(data=calm).url)
    with database.write() as connection:
        connection.execute(
            insert(players).values(id=PLAYER, name="Ada", created_us=now_us(), consent_us=now_us())
        )
    lesson_id = ask(database)
    database.close()
    shutil.copytree(calm, killed)
    with teaching(calm):
        expected = reached(calm, lesson_id, 1.0)
    share = 0.0
    for _ in range(KILLS):
        with teaching(killed):
            share = reached(killed, lesson_id, share)["progress"]
    with teaching(killed):
        found = reached(killed, lesson_id, 1.0)
    assert (found["state"], expected["state"]) == ("done", "done")
    assert {**found["result"], "seconds": 0} == {**expected["result"], "seconds": 0}
    assert found["curves"] == expected["curves"]
    # The last tutor may have been killed before it tidied up; then the server's housekeeping does.
    left = open_database(Settings(data=killed).url)
    with left.read() as connection:
        assert lab.unfinished(connection, Desk(killed / "lessons").names() | {lesson_id}) == set()
    left.close()
