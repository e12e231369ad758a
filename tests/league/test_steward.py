"""What a steward drives: the same time again, paths, hands, and files that cannot drive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from manyhands import jobs
from manyhands.arena import api as arena
from manyhands.envs.racer import tracks
from manyhands.envs.racer.actions import commands
from manyhands.envs.racer.car import PRESETS
from manyhands.garage import evaluation
from manyhands.garage.api import race_rules
from manyhands.garage.driving import AT
from manyhands.league import api as league
from manyhands.league.steward import Steward
from manyhands.policies import files
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database, open_database
from manyhands.storage.schema import race_entries
from manyhands.types import Json, Micros
from tiny_race import OPENS, RULES, SPACE, TRACK, race_order, steering

NOW = Micros(OPENS + 1)
ROAD = tracks.track(TRACK)


class Day:
    """A race, its racer and its steward."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.settings = Settings(data=folder, loan_address_day_micro=10**12)
        terms = jobs.WorkerTerms("steward", 60.0, 0.1)
        content = ContentStore(self.settings.content)
        self.steward = Steward(database, content, folder / "tracks", terms)
        with database.write() as connection:
            self.player = arena.create_guest(connection, "ann", "address", self.settings, NOW)["id"]
            self.race_id = league.create(connection, race_order(), None, NOW)

    def enter(self, key: str, **given: object) -> Json:
        """Enter and have it driven."""
        order = league.EntryOrder(self.player, key, self.race_id, {}, **given)  # type: ignore[arg-type]
        with self.database.write() as connection:
            entry_id = league.enter(connection, order, NOW)
        assert self.steward.step()
        assert not self.steward.step()
        with self.database.read() as connection:
            return league.entry(connection, self.race_id, entry_id)

    def path(self, entry: Json) -> Json:
        with self.database.read() as connection:
            return league.path(connection, self.race_id, entry["id"], self.settings)


@pytest.fixture
def day(sqlite_url: str, tmp_path: Path) -> Iterator[Day]:
    database = open_database(sqlite_url)
    yield Day(database, tmp_path)
    database.close()


def recorded(data: bytes) -> np.ndarray:
    """What a policy commands in its race, as the page would send it."""
    car = evaluation.Driven(files.parse(data), ROAD, RULES)
    car.place(evaluation.START_M, 0)
    table, made = commands(SPACE, PRESETS["deepracer"]), []
    while len(rows := car.go()):
        made.append(rows)
        if rows[-1, AT["status"]]:
            break
    choice = np.concatenate(made)[:, AT["action"]].astype(int)
    return np.floor(table[choice] * 127.0 + 0.5).astype(np.int8)


def test_two_entries_of_one_way_take_the_same_time_to_the_millisecond(day: Day) -> None:
    # Another file, which drives alike: the bias of going straight is as small a tie-breaker.
    cids = [league.store_policy(steering(1.0, straight), day.settings) for straight in (0.02, 0.020001)]
    first, second = (day.enter(f"key-{at}", policy_cid=cid) for at, cid in enumerate(cids))
    assert first["state"] == second["state"] == "done"
    assert first["result"]["finished"]
    assert first["result"] == second["result"]
    assert day.path(first) == day.path(second)


def test_a_path_follows_the_road_for_as_long_as_the_race_takes(day: Day) -> None:
    entry = day.enter("key", policy_cid=league.store_policy(steering(1.0), day.settings))
    path, result = day.path(entry), entry["result"]
    points = np.column_stack([path["x_mm"], path["y_mm"]]) / 1000
    away = np.hypot(*(points[:, None] - ROAD.centre).transpose(2, 0, 1)).min(axis=1)
    assert (away < ROAD.half_width.max() + 0.2).all()
    assert abs(len(points) / path["ticks_per_s"] - (result["total_ms"] - result["penalty_ms"]) / 1000) < 0.1
    heading = np.array(path["heading_mrad"]) / 1000
    moved = np.diff(points, axis=0)
    fast = np.hypot(*moved.T) > 0.02
    assert (np.cos(heading[1:] - np.arctan2(moved[:, 1], moved[:, 0]))[fast] > 0.5).all()


def test_penalties_are_stops_of_the_path(day: Day) -> None:
    entry = day.enter("key", policy_cid=league.store_policy(steering(0.0), day.settings))
    stops = day.path(entry)["stops"]
    assert len(stops) == entry["result"]["off_tracks"] + entry["result"]["crashes"] > 0
    assert sum(stop["ms"] for stop in stops) == entry["result"]["penalty_ms"]
    assert [stop["tick"] for stop in stops] == sorted(stop["tick"] for stop in stops)


def test_a_race_among_bots_and_boxes_tells_where_they_were(day: Day) -> None:
    cid = league.store_policy(steering(1.0), day.settings)
    for kind, number in (("boxes", 2), ("bots", 3)):
        terms = {"type": "head_to_bot" if kind == "bots" else "object_avoidance", "objects": number}
        rules = race_rules({"laps": 1, "consecutive": 1, "limit_s": 20, "race": terms, "seed": 5})
        with day.database.write() as connection:
            order = race_order(idempotency_key=kind, rules=rules)
            day.race_id = league.create(connection, order, None, NOW)
            told = league.detail(connection, day.race_id, NOW)["rules"]
        assert (told["race"]["objects"], told["seed"]) == (number, 5)
        path = day.path(day.enter(f"key-{kind}", policy_cid=cid))
        assert [len(path["boxes"]), len(path["bots"])] == ([2, 0] if kind == "boxes" else [0, 3])
        samples = 1 if kind == "boxes" else len(path["x_mm"])
        for one in path[kind]:
            assert {len(column) for column in one.values()} == {samples}
            place = np.array([one["x_mm"][0], one["y_mm"][0]]) / 1000
            assert np.hypot(*(ROAD.centre - place).T).min() < 0.3


def test_a_hand_is_driven_again_and_must_take_the_laps_it_says(day: Day) -> None:
    actions = recorded(steering(1.0))
    laps = evaluation.replay(actions, ROAD, RULES).race.laps_ms
    assert len(laps) == 1
    given = {"actions": actions.tobytes()}
    entry = day.enter("key-1", laps_ms=laps, **given)
    assert (entry["state"], entry["kind"], entry["result"]["laps_ms"]) == ("done", "hand", laps)
    for key, claimed in (("key-2", [laps[0] - 500]), ("key-3", [])):
        refused = day.enter(key, laps_ms=claimed, **given)
        assert refused["state"] == "refused"
        assert "replay took the laps" in refused["note"]
        assert refused["result"] is None


def test_a_hand_that_lets_go_has_driven_a_part(day: Day) -> None:
    entry = day.enter("key", actions=recorded(steering(1.0))[:60].tobytes(), laps_ms=[])
    assert not entry["result"]["finished"]
    assert 0.0 < entry["result"]["progress"] < 100.0
    assert len(day.path(entry)["x_mm"]) == 60


def test_a_file_that_cannot_drive_is_refused_with_its_fault(day: Day) -> None:
    whole = steering(1.0)
    broken = whole.replace(rb"\"speed\": 1.0", rb"\"speed\": 9.0")
    assert broken != whole
    entry = day.enter("key", policy_cid=league.store_policy(broken, day.settings))
    assert entry["state"] == "refused"
    assert entry["note"]
    with day.database.read() as connection:
        assert league.detail(connection, day.race_id, NOW)["board"] == []


def test_an_entry_that_was_withdrawn_while_it_waited_is_dropped(day: Day) -> None:
    cid = league.store_policy(steering(1.0), day.settings)
    order = league.EntryOrder(day.player, "key", day.race_id, {}, policy_cid=cid)
    with day.database.write() as connection:
        league.enter(connection, order, NOW)
        league.withdraw(connection, day.player, NOW)
        assert connection.execute(select(race_entries)).all() == []
    assert not day.steward.step()
