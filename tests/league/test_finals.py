"""Finals of races head to head: who is in them, what they decide, and that each is driven and paid once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from manyhands import jobs, ledger
from manyhands.arena import api as arena
from manyhands.envs.racer import tracks
from manyhands.errors import InputError, LeaseLostError, TransitionError
from manyhands.garage import head_to_head, race_rules
from manyhands.league import api as league
from manyhands.league import redriving, standings
from manyhands.league.finals import NOTICE_US
from manyhands.league.steward import Steward
from manyhands.policies import files
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database
from manyhands.storage.schema import events, race_entries, race_finals, races, transfers
from manyhands.storage.schema import jobs as job_table
from manyhands.types import Cid, Json, Micros, PlayerId, credits
from tiny_race import OPENS, RULES, TRACK, race_order, steering

NOW = Micros(OPENS + 1)
NEVER = Micros(10**18)
HEAD_TO_HEAD = race_rules.parse(RULES.plain | {"race": {"type": "head_to_head"}})
GAINS = (1.0, 1.3, 0.0)


class Meeting:
    """A race head to head with a prize of 10 credits, its racers and its steward."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.settings = Settings(data=folder, loan_address_day_micro=10**12)
        self.content = ContentStore(self.settings.content)
        terms = jobs.WorkerTerms("steward", 60.0, 0.1)
        self.steward = Steward(database, self.content, folder / "tracks", terms)
        self.order = race_order(rules=HEAD_TO_HEAD, prize_micro=credits(10), shares=(50, 30, 20))
        with database.write() as connection:
            self.race_id = league.create(connection, self.order, None, NOW)

    def enter(self, name: str, cid: str) -> str:
        with self.database.write() as connection:
            player = arena.create_guest(connection, name, name, self.settings, NOW)["id"]
            order = league.EntryOrder(player, f"key-{name}", self.race_id, {}, policy_cid=cid)
            return league.enter(connection, order, NOW)

    def qualify(self, *times: int | None) -> list[str]:
        """Entries of racers 0, 1 … as if they had been driven in these times."""
        made = [self.enter(f"racer-{number}", f"cid-{number}") for number in range(len(times))]
        with self.database.write() as connection:
            for job in jobs.claim(connection, [league.ENTRY_JOB], "test", NOW, lease_s=60.0, limit=20):
                jobs.finish(connection, job, {}, NOW)
            for entry, time_ms in zip(made, times, strict=True):
                found = update(race_entries).where(race_entries.c.id == entry)
                connection.execute(found.values(result=result(time_ms) | {"refused": None}))
        return made

    def drive(self, times: list[int | None]) -> None:
        """Record a final of 3 s in which the cars of the grid take these times."""
        with self.database.write() as connection:
            [job] = jobs.claim(connection, [league.FINAL_JOB], "test", NOW, lease_s=60.0)
            jobs.finish(connection, job, {}, NOW)
            grid = connection.execute(select(race_finals.c.grid)).scalar_one()
            cars = [{"entry_id": entry, **result(time)} for entry, time in zip(grid, times, strict=True)]
            final = {"cars": cars, "ticks": 45, "length_m": 1.0, "replay_cid": "none", "refused": None}
            connection.execute(update(race_finals).values(result=final))

    def close(self) -> Json:
        with self.database.write() as connection:
            league.close(connection, self.race_id, None, NOW)
        return self.at(NOW)

    def at(self, now: int) -> Json:
        """The race at a moment, after the server has looked after it."""
        with self.database.write() as connection:
            league.settle(connection, Micros(now))
            return league.detail(connection, self.race_id, Micros(now))

    def faults(self) -> list[str]:
        with self.database.read() as connection:
            found = league.audit(connection)[1] + ledger.audit(connection).faults
        return [fault.code for fault in found]


def result(time_ms: int | None) -> Json:
    times = dict.fromkeys(("total_ms", "best_ms", "average_ms"), time_ms)
    laps = [] if time_ms is None else [time_ms]
    progress = 40.0 if time_ms is None else 100.0
    return times | {
        "finished": bool(laps),
        "laps_ms": laps,
        "off_tracks": 0,
        "crashes": 2,
        "progress": progress,
    }


@pytest.fixture
def meeting(database: Database, tmp_path: Path) -> Meeting:
    return Meeting(database, tmp_path)


def names(board: list[Json]) -> list[tuple[str, int | None, int | None]]:
    return [(row["racer"], row["rank"], row["time_ms"]) for row in board]


def test_the_best_eight_with_a_time_stand_on_the_grid(meeting: Meeting) -> None:
    entries = meeting.qualify(9000, 8000, None, *range(10_000, 17_000, 1000))
    final = meeting.close()["final"]
    assert (final["state"], final["starts_us"], final["results"]) == ("queued", None, None)
    assert final["grid"] == [entries[number] for number in (1, 0, 3, 4, 5, 6, 7, 8)]
    assert meeting.at(NOW)["state"] == "final"


def test_a_final_decides_ranks_and_prizes_once_it_has_been_shown(meeting: Meeting) -> None:
    meeting.qualify(9000, 8000, None, 9500)
    open_board = meeting.close()["board"]
    assert [row["time_ms"] for row in open_board] == [8000, 9000, 9500, None]
    meeting.drive([9700, 9100, None])
    live = meeting.at(NOW + 5)
    assert (live["state"], live["final"]["state"], live["board"]) == ("final", "live", open_board)
    assert live["final"]["starts_us"] == NOW + 5 + NOTICE_US
    assert live["final"]["ends_us"] == live["final"]["starts_us"] + 3_000_000
    last = live["final"]["ends_us"] - 1
    assert (meeting.at(last)["state"], meeting.at(last)["final"]["results"]) == ("final", None)
    over = meeting.at(last + 1)
    assert (over["state"], over["final"]["state"]) == ("closed", "done")
    assert names(over["board"]) == [
        ("racer-0", 1, 9100),
        ("racer-1", 2, 9700),
        ("racer-3", None, None),
        ("racer-2", None, None),
    ]
    told = [[row[name] for name in ("grid", "qualifying_ms", "contacts", "gap_ms")] for row in over["board"]]
    assert told == [[2, 9000, 2, 0], [1, 8000, 2, 600], [3, 9500, 2, None], [None, None, None, None]]
    assert [row["prize_micro"] for row in over["board"]] == [credits(5), credits(3), 0, 0]
    assert [car["total_ms"] for car in over["final"]["results"]] == [9700, 9100, None]
    with meeting.database.read() as connection:
        own = league.of_player(connection, over["board"][0]["player_id"])
    assert [row["final"]["total_ms"] for row in own] == [9100]
    assert meeting.at(NEVER) == over
    assert meeting.faults() == []


def test_who_was_not_in_the_final_is_ranked_below_it_and_wins_nothing(meeting: Meeting) -> None:
    meeting.qualify(*range(8000, 17_000, 1000))
    meeting.close()
    meeting.drive([None] * 7 + [20_000])
    meeting.at(NOW)
    board = meeting.at(NEVER)["board"]
    assert names(board)[0] == ("racer-7", 1, 20_000)
    assert names(board)[8] == ("racer-8", 9, None)
    assert [row["prize_micro"] for row in board] == [credits(5)] + [0] * 8
    assert meeting.faults() == []


def test_of_equal_times_the_one_further_ahead_on_the_grid_is_first() -> None:
    rows = [
        {"entry_id": name, "time_ms": 1000, "rank": rank, "gap_ms": 0} for rank, name in enumerate("abc", 1)
    ]
    cars = [{"entry_id": name, **result(9000 if name == "a" else 8000)} for name in "abc"]
    found = standings.final_table(rows, cars)
    assert [(row["entry_id"], row["rank"]) for row in found] == [("b", 1), ("c", 2), ("a", 3)]


@pytest.mark.parametrize("times", [(), (9000,), (9000, None)])
def test_fewer_than_two_have_no_final_and_qualifying_counts(
    meeting: Meeting, times: tuple[int | None, ...]
) -> None:
    meeting.qualify(*times)
    found = meeting.close()
    assert (found["state"], found["final"]) == ("closed", None)
    assert [row["prize_micro"] for row in found["board"]] == [credits(5), 0][: len(times)]
    assert meeting.faults() == []


def test_a_final_that_cannot_be_driven_leaves_qualifying_to_count(meeting: Meeting) -> None:
    meeting.qualify(9000, 8000)
    meeting.close()
    for _ in range(20):
        with meeting.database.write() as connection:
            for job in jobs.claim(connection, [league.FINAL_JOB], "test", NEVER, lease_s=-1.0):
                jobs.fail(connection, job, "no such policy", NOW)
    found = meeting.at(NOW)
    assert (found["state"], found["final"]["state"]) == ("closed", "failed")
    assert found["final"]["note"] == "Its computation failed each time."
    assert names(found["board"]) == [("racer-1", 1, 8000), ("racer-0", 2, 9000)]
    assert meeting.faults() == []


def test_a_final_of_refused_policies_says_why(meeting: Meeting) -> None:
    cids = [
        meeting.content.put(steering(gain).replace(rb"\"speed\": 1.0", rb"\"speed\": 9.0")) for gain in GAINS
    ]
    entries = meeting.qualify(9000, 8000)
    with meeting.database.write() as connection:
        for entry, cid in zip(entries, cids, strict=False):
            one = update(race_entries).where(race_entries.c.id == entry)
            connection.execute(one.values(policy_cid=cid))
    meeting.close()
    assert meeting.steward.step()
    found = meeting.at(NOW)
    assert (found["state"], found["final"]["state"]) == ("closed", "failed")
    assert "beyond this car" in found["final"]["note"]


def test_nobody_on_the_grid_withdraws(meeting: Meeting) -> None:
    meeting.qualify(9000, 8000)
    with meeting.database.read() as connection:
        player = connection.execute(select(race_entries.c.player_id)).scalars().first()
    meeting.close()
    with meeting.database.write() as connection:
        assert league.withdraw(connection, str(player), NOW) == 0


def test_nothing_is_entered_once_the_grid_stands(meeting: Meeting) -> None:
    meeting.qualify(9_000, 10_000)
    meeting.close()
    # Written late, with a moment before the close: the request waited for the lock.
    with meeting.database.write() as connection:
        connection.execute(update(races).values(closes_us=NEVER))
    with pytest.raises(TransitionError, match="takes no entries"):
        meeting.enter("late", "cid-late")
    assert meeting.faults() == []


def test_no_hand_races_policies(meeting: Meeting) -> None:
    with meeting.database.write() as connection:
        player = arena.create_guest(connection, "ann", "ann", meeting.settings, NOW)["id"]
        order = league.EntryOrder(player, "hand-key", meeting.race_id, {}, actions=b"\1\2" * 30, laps_ms=[])
        with pytest.raises(InputError, match="no hand can") as fault:
            league.enter(connection, order, NOW)
    assert fault.value.field == "hand"


@pytest.mark.parametrize("change", ["order", "grid", "sum", "driver"])
def test_the_audit_finds_a_tampered_final(meeting: Meeting, change: str) -> None:
    meeting.qualify(9000, 8000, 9500)
    meeting.close()
    meeting.drive([9700, 9100, 9900])
    meeting.at(NOW)
    assert meeting.at(NEVER)["state"] == "closed"
    assert meeting.faults() == []
    with meeting.database.write() as connection:
        final = connection.execute(select(race_finals)).one()
        changed: dict[str, Any] = {"result": json.loads(json.dumps(final.result)), "grid": list(final.grid)}
        cars = changed["result"]["cars"]
        if change == "order":
            cars[0] |= {"total_ms": 9000, "laps_ms": [9000]}
        elif change == "sum":
            cars[2]["laps_ms"] = [9000]
        elif change == "driver":
            cars.reverse()
        else:
            changed["grid"].reverse()
            cars.reverse()
        connection.execute(update(race_finals).values(**changed))
    assert meeting.faults() == {"order": ["prize"]}.get(change, ["final"])


def test_events_tell_pages_of_each_step(meeting: Meeting) -> None:
    meeting.qualify(9000, 8000)
    meeting.close()
    meeting.drive([9700, 9100])
    for moment in (NOW, NOW + 1, NEVER, NEVER):
        meeting.at(moment)
    with meeting.database.read() as connection:
        told = connection.execute(select(events.c.audience, events.c.payload).where(events.c.kind == "race"))
        assert told.all() == [("all", {"race_id": meeting.race_id})] * 3


@pytest.fixture
def driven(meeting: Meeting) -> Meeting:
    """Three policies that a steward drove alone."""
    for number, gain in enumerate(GAINS):
        meeting.enter(f"racer-{number}", league.store_policy(steering(gain), meeting.settings))
    while meeting.steward.step():
        pass
    return meeting


def test_a_steward_drives_the_final_as_the_grid_stands(driven: Meeting) -> None:
    qualifying = driven.close()["board"]
    grid = driven.at(NOW)["final"]["grid"]
    assert grid == [row["entry_id"] for row in qualifying if row["time_ms"]]
    assert len(grid) >= 2
    with driven.database.read() as connection, pytest.raises(TransitionError):
        league.final_replay(connection, driven.race_id, driven.settings)
    assert driven.steward.step()
    assert not driven.steward.step()
    driven.at(NOW)
    over = driven.at(NEVER)
    with driven.database.read() as connection:
        replay = league.final_replay(connection, driven.race_id, driven.settings)
        cids = {row.id: row.policy_cid for row in connection.execute(select(race_entries))}
    policies = [files.parse(driven.content.get(Cid(cids[entry]))) for entry in grid]
    again = head_to_head.race(policies, tracks.track(TRACK), HEAD_TO_HEAD)
    assert [car.pop("entry_id") for car in replay["cars"]] == grid
    assert replay["cars"] == head_to_head.replay_of(again)["cars"]
    times = {grid[one.entry]: one.race.total_ms for one in again.results}
    assert {row["entry_id"]: row["time_ms"] for row in over["board"] if row["grid"]} == times
    way_mm = 1000.0 * replay["length_m"] * HEAD_TO_HEAD.laps
    for car, row in zip(replay["cars"], over["final"]["results"], strict=True):
        assert row["finished"] == (car["along_mm"][-1] >= way_mm - 1.0)
        assert row["crashes"] == car["contacts"][-1]
    assert driven.faults() == []


def test_a_steward_killed_in_a_final_leaves_it_to_the_next_and_it_counts_once(driven: Meeting) -> None:
    driven.close()
    with driven.database.write() as connection:
        [lost] = jobs.claim(connection, [league.FINAL_JOB], "killed", NOW, lease_s=-1.0)
    assert driven.steward.step()
    with driven.database.read() as connection:
        first = connection.execute(select(race_finals.c.result)).scalar_one()
    with driven.database.write() as connection, pytest.raises(LeaseLostError):
        jobs.finish(connection, lost, {}, NOW)
    driven.at(NOW)
    driven.at(NEVER)
    # Not even a job that is brought back after the close turns anything over.
    with driven.database.write() as connection:
        connection.execute(update(job_table).where(job_table.c.id == lost.id).values(state="failed"))
        connection.execute(update(race_finals).values(result=first | {"kept": True}))
        jobs.resume(connection, lost.id)
    assert driven.steward.step()
    with driven.database.read() as connection:
        assert connection.execute(select(race_finals.c.result)).scalar_one() == first | {"kept": True}
        assert len(connection.execute(select(transfers.c.kind).where(transfers.c.kind == "prize")).all()) == 1
        assert connection.execute(select(races.c.state)).scalar_one() == "closed"
        [won] = connection.execute(select(races.c.awards)).scalars()
        paid = {award["player_id"]: award["amount_micro"] for award in won}
        board = league.detail(connection, driven.race_id, NEVER)["board"]
    assert {PlayerId(row["player_id"]): row["prize_micro"] for row in board if row["prize_micro"]} == paid
    assert driven.faults() == []


def test_driven_again_closed_races_come_to_the_same(driven: Meeting) -> None:
    driven.close()
    assert driven.steward.step()
    assert redriven(driven) == (0, [])
    driven.at(NOW)
    driven.at(NEVER)
    assert redriven(driven) == (len(GAINS) + 1, [])
    assert redriven(driven, count=2) == (2, [])


@pytest.mark.parametrize("change", ["time", "way", "policy"])
def test_driven_again_a_tampered_result_is_found(driven: Meeting, change: str) -> None:
    driven.close()
    assert driven.steward.step()
    driven.at(NOW)
    driven.at(NEVER)
    with driven.database.write() as connection:
        cars = connection.execute(select(race_finals.c.result)).scalar_one()
        [first, second, *_] = cars["cars"]
        if change == "time":
            first |= {"total_ms": second["total_ms"] - 1, "laps_ms": [second["total_ms"] - 1]}
            connection.execute(update(race_finals).values(result=cars))
        elif change == "way":
            connection.execute(update(race_finals).values(result=cars | {"replay_cid": "another"}))
        else:
            straight_on = driven.content.put(steering(0.0))
            one = race_entries.c.id == first["entry_id"]
            connection.execute(update(race_entries).where(one).values(policy_cid=straight_on))
    _, faults = redriven(driven)
    assert {code for code, _ in faults} == {"drive"}
    # Another policy changes its own entry, and the final in which it drove.
    assert len(faults) == (2 if change == "policy" else 1)


def redriven(meeting: Meeting, count: int = 20) -> tuple[int, list[tuple[str, str]]]:
    """How many drives were driven again, and (code, where) of the faults."""
    folder = meeting.settings.data / "tracks"
    number, faults = redriving.sample(meeting.database, meeting.content, folder, count, seed=0)
    return number, [(fault.code, fault.where) for fault in faults]
