"""Races from their creation to the prizes: escrow, entries, closing, and what the audit finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from manyhands import jobs, ledger
from manyhands.arena import api as arena
from manyhands.errors import (
    ConflictError,
    CreditError,
    ForbiddenError,
    IdempotencyError,
    InputError,
    QuotaError,
    TransitionError,
)
from manyhands.league import api as league
from manyhands.settings import Settings
from manyhands.storage import Database
from manyhands.storage.schema import race_entries, races, transfers
from manyhands.types import Json, Micro, Micros, PlayerId, RaceId, credits
from tiny_race import HOUR_US, OPENS, race_order, steering

NOW = Micros(OPENS + 1)
LATER = Micros(OPENS + HOUR_US + 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, loan_address_day_micro=10**12)


@pytest.fixture
def racers(database: Database, settings: Settings) -> list[Json]:
    """An organiser with 100 credits and three racers, each with the starter loan."""
    with database.write() as connection:
        made = [
            arena.create_guest(connection, name, name, settings, NOW) for name in ("org", "ann", "bob", "cy")
        ]
        made[0] = arena.give_role(connection, made[0]["id"], "funder")
        ledger.issue(connection, ledger.wallet(made[0]["id"]), credits(100), "test-issue", NOW)
    return made


def wallet(database: Database, player: Json) -> int:
    with database.read() as connection:
        return ledger.balance(connection, ledger.wallet(PlayerId(player["id"])))


def held(database: Database, race_id: str) -> int:
    with database.read() as connection:
        return ledger.balance(connection, ledger.escrow(RaceId(race_id)))


def create(database: Database, organiser: Json | None, **changes: object) -> str:
    with database.write() as connection:
        return league.create(connection, race_order(**changes), organiser, NOW)


def enter(database: Database, race_id: str, player: Json, cid: str, key: str = "", now: Micros = NOW) -> str:
    order = league.EntryOrder(
        player["id"], key or f"{race_id}-{cid}", race_id, {"file": "policy"}, policy_cid=cid
    )
    with database.write() as connection:
        return league.enter(connection, order, now)


def drive(database: Database, entry_id: str, time_ms: int | None, **changes: Any) -> None:
    """Record what a steward would have."""
    result = {
        "finished": time_ms is not None,
        "laps_ms": [] if time_ms is None else [time_ms],
        **dict.fromkeys(("total_ms", "best_ms", "average_ms"), time_ms),
        "off_tracks": 0,
        "crashes": 0,
        "progress": 100.0 if time_ms else 40.0,
        "penalty_ms": 0,
        "stops": [],
        "path_cid": "none",
        "refused": None,
    }
    with database.write() as connection:
        [job] = jobs.claim(connection, [league.ENTRY_JOB], "test", NOW, lease_s=60.0)
        assert job.payload == {"entry_id": entry_id}
        jobs.finish(connection, job, {}, NOW)
        connection.execute(
            update(race_entries).where(race_entries.c.id == entry_id).values(result=result | changes)
        )


def close(database: Database, race_id: str, player: Json | None = None, now: Micros = NOW) -> Json:
    with database.write() as connection:
        league.close(connection, race_id, player, now)
        return league.detail(connection, race_id, now)


def faults(database: Database) -> list[Any]:
    with database.read() as connection:
        return league.audit(connection)[1] + ledger.audit(connection).faults


def test_prize_money_leaves_the_wallet_once_per_key(database: Database, racers: list[Json]) -> None:
    before = wallet(database, racers[0])
    race_id = create(database, racers[0], prize_micro=credits(10))
    assert create(database, racers[0], prize_micro=credits(10)) == race_id
    assert before - wallet(database, racers[0]) == held(database, race_id) == credits(10)
    with pytest.raises(IdempotencyError):
        create(database, racers[0], prize_micro=credits(11))
    assert faults(database) == []


def test_only_organisers_hold_races_and_only_with_what_they_have(
    database: Database, racers: list[Json]
) -> None:
    with pytest.raises(ForbiddenError):
        create(database, racers[1])
    with pytest.raises(CreditError):
        create(database, racers[0], prize_micro=credits(1000))
    with database.read() as connection:
        assert league.listed(connection, NOW) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"ranking": "style"}, "ranking"),
        ({"closes_us": OPENS}, "closes_at"),
        ({"shares": (60, 50)}, "shares"),
        ({"shares": (0,)}, "shares"),
        ({"shares": (), "prize_micro": 1}, "shares"),
    ],
)
def test_a_race_that_cannot_be_is_refused(database: Database, changes: Json, field: str) -> None:
    with pytest.raises(InputError) as fault:
        create(database, None, **changes)
    assert fault.value.field == field


def test_prizes_are_paid_once_by_rank_and_the_rest_goes_back(database: Database, racers: list[Json]) -> None:
    organiser, ann, bob, cy = racers
    race_id = create(database, organiser, prize_micro=credits(10) + 1, shares=(50, 30, 20))
    before = {player["id"]: wallet(database, player) for player in racers}
    for player, time_ms in ((ann, 9000), (bob, 8000), (cy, None)):
        drive(database, enter(database, race_id, player, f"cid-{player['id']}"), time_ms)
    found = close(database, race_id, organiser)
    assert found["state"] == "closed"
    assert [(row["racer"], row["time_ms"], row["prize_micro"]) for row in found["board"]] == [
        ("bob", 8000, credits(5)),
        ("ann", 9000, credits(3)),
        ("cy", None, 0),
    ]
    # Earnings repay the loan before they reach the wallet.
    with database.read() as connection:
        owed = {
            player["id"]: ledger.player_balances(connection, player["id"]).loan_micro for player in racers
        }
    gained = {player["id"]: wallet(database, player) - before[player["id"]] for player in racers}
    assert gained[organiser["id"]] == credits(2) + 1
    for player, prize in ((ann, credits(3)), (bob, credits(5))):
        repaid = owed[cy["id"]] - owed[player["id"]]
        assert gained[player["id"]] + repaid == prize
    assert held(database, race_id) == 0
    state = {player["id"]: wallet(database, player) for player in racers}
    assert close(database, race_id, organiser) == found
    assert {player["id"]: wallet(database, player) for player in racers} == state
    with database.read() as connection:
        kinds = connection.execute(select(transfers.c.kind).where(transfers.c.kind == "prize")).all()
    assert len(kinds) == 1
    assert faults(database) == []


def test_a_race_that_nobody_entered_gives_everything_back(database: Database, racers: list[Json]) -> None:
    before = wallet(database, racers[0])
    race_id = create(database, racers[0], prize_micro=credits(10))
    close(database, race_id, racers[0])
    assert wallet(database, racers[0]) == before
    assert faults(database) == []


def test_what_the_house_issued_and_nobody_won_goes_back_to_it(database: Database, racers: list[Json]) -> None:
    race_id = create(database, None, prize_micro=credits(10), shares=(40,))
    drive(database, enter(database, race_id, racers[1], "cid"), 8000)
    with database.read() as connection:
        issued = ledger.balance(connection, ledger.ISSUER)
    close(database, race_id)
    with database.read() as connection:
        assert ledger.balance(connection, ledger.ISSUER) - issued == credits(6)
    assert faults(database) == []


def test_a_race_waits_for_what_was_entered_in_time(database: Database, racers: list[Json]) -> None:
    race_id = create(database, None, prize_micro=credits(1))
    entry_id = enter(database, race_id, racers[1], "cid")
    assert close(database, race_id)["state"] == "closing"
    with pytest.raises(TransitionError):
        enter(database, race_id, racers[2], "cid", now=LATER)
    drive(database, entry_id, 8000)
    with database.write() as connection:
        assert league.is_settling_due(connection, LATER)
        assert league.settle(connection, LATER) == 1
        assert league.settle(connection, LATER) == 0
        assert not league.is_settling_due(connection, LATER)


def test_a_race_closes_by_itself_at_its_end(database: Database) -> None:
    race_id = create(database, None)
    with database.write() as connection:
        assert league.settle(connection, NOW) == 0
        assert league.settle(connection, LATER) == 1
        assert league.detail(connection, race_id, LATER)["state"] == "closed"


def test_entries_are_limited_and_no_policy_enters_twice(database: Database, racers: list[Json]) -> None:
    race_id = create(database, None)
    first = enter(database, race_id, racers[1], "cid-0", key="first-key")
    assert enter(database, race_id, racers[1], "cid-0", key="first-key") == first
    with pytest.raises(IdempotencyError):
        enter(database, race_id, racers[1], "cid-1", key="first-key")
    with pytest.raises(ConflictError):
        enter(database, race_id, racers[1], "cid-0", key="other-key")
    for number in range(1, league.A_DAY):
        enter(database, race_id, racers[1], f"cid-{number}")
    with pytest.raises(QuotaError) as fault:
        enter(database, race_id, racers[1], "cid-more")
    assert 86_000 < fault.value.retry_after_s <= 86_401
    enter(database, race_id, racers[2], "cid-0")


def test_hands_are_ranked_apart_and_win_nothing(database: Database, racers: list[Json]) -> None:
    race_id = create(database, None, prize_micro=credits(10))
    order = league.EntryOrder(racers[1]["id"], "hand-key", race_id, {}, actions=b"\1\2" * 30, laps_ms=[7000])
    with database.write() as connection:
        entry_id = league.enter(connection, order, NOW)
    drive(database, entry_id, 7000)
    found = close(database, race_id)
    assert found["board"] == []
    assert [(row["rank"], row["prize_micro"]) for row in found["hands"]] == [(1, 0)]


@pytest.mark.parametrize("actions", [b"", b"\1", b"\1\2" * (120 * 15 + 1)])
def test_actions_that_are_no_drive_are_refused(
    database: Database, racers: list[Json], actions: bytes
) -> None:
    race_id = create(database, None)
    order = league.EntryOrder(racers[1]["id"], "hand-key", race_id, {}, actions=actions, laps_ms=[])
    with database.write() as connection, pytest.raises(InputError):
        league.enter(connection, order, NOW)


def test_a_player_withdraws_from_races_that_are_not_closed(database: Database, racers: list[Json]) -> None:
    races_ = [create(database, None, name=name) for name in ("One", "Two")]
    for race_id in races_:
        drive(database, enter(database, race_id, racers[1], "cid"), 8000)
    close(database, races_[0])
    with database.write() as connection:
        assert len(league.of_player(connection, racers[1]["id"])) == 2
        assert league.withdraw(connection, racers[1]["id"], NOW) == 1
        assert [row["race_id"] for row in league.of_player(connection, racers[1]["id"])] == [races_[0]]
    assert faults(database) == []


def test_the_audit_finds_awards_that_do_not_follow(database: Database, racers: list[Json]) -> None:
    race_id = create(database, None, prize_micro=credits(10))
    drive(database, enter(database, race_id, racers[1], "cid"), 8000)
    close(database, race_id)
    with database.write() as connection:
        won = connection.execute(select(races.c.awards)).scalar_one()
        won[0]["amount_micro"] = credits(11)
        connection.execute(update(races).values(awards=won))
    assert [fault.code for fault in faults(database)] == ["prize"] * 3


def test_prizes_above_the_escrow_are_not_paid(database: Database, racers: list[Json]) -> None:
    race_id = create(database, None, prize_micro=credits(10))
    prizes = [ledger.Prize(PlayerId(racers[1]["id"]), Micro(credits(10) + 1))]
    with database.write() as connection, pytest.raises(CreditError):
        ledger.pay_prizes(connection, RaceId(race_id), prizes, None, NOW)
    assert held(database, race_id) == credits(10)


def test_only_a_racers_policy_is_stored(settings: Settings) -> None:
    assert league.store_policy(steering(1.0), settings).startswith("bafkrei")
    for data in (b"", b"\0" * 40, steering(1.0).replace(b"racer-v0", b"snake-v0")):
        with pytest.raises(InputError):
            league.store_policy(data, settings)
