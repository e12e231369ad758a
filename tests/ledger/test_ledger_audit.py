"""The audit finds every way in which somebody could have changed the books."""

from __future__ import annotations

import pytest

from manyhands import ledger
from manyhands.ledger.book import post
from manyhands.storage import Database
from manyhands.types import AssignmentId, AttemptId, CampaignId, Micro, Micros, PlayerId, VerdictId

ANN, RACER, ASG = PlayerId("plr_ann"), CampaignId("cmp_racer"), AssignmentId("asg_1")


@pytest.fixture
def kept(database: Database) -> Database:
    with database.write() as connection:
        ledger.issue(connection, ledger.escrow(RACER), Micro(100), "k", Micros(1))
        ledger.issue(connection, ledger.wallet(ANN), Micro(10), "l", Micros(1))
        ledger.lock_stake(connection, ANN, RACER, ASG, Micro(4), Micros(2))
        ledger.charge(connection, ASG, AttemptId("att_1"), Micro(1), Micros(3))
        claims = [ledger.Claim(AttemptId("att_2"), ANN, 1.0)]
        ledger.pay_lot(connection, RACER, VerdictId("vrd_1"), Micro(40), claims, Micros(4))
    return database


def _codes(database: Database) -> set[str]:
    with database.read() as connection:
        return {fault.code for fault in ledger.audit(connection).faults}


def test_clean_books_are_summed_up(kept: Database) -> None:
    with kept.read() as connection:
        found = ledger.audit(connection)
    assert (found.faults, found.transfers, found.accounts, found.issued_micro) == ([], 5, 4, 110)
    assert len(found.last_hash) == 64


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE transfers SET created_us = 9 WHERE number = 2", {"chain"}),
        ("UPDATE transfers SET memo = '{}' WHERE number = 5", {"chain"}),
        ("UPDATE transfers SET attempt_id = 'att_9' WHERE number = 4", {"chain"}),
        ("UPDATE transfers SET previous_hash = 'x' WHERE number = 3", {"chain"}),
        (
            "UPDATE accounts SET balance_micro = balance_micro + 1 WHERE name = 'wallet:plr_ann'",
            {"balance", "sum"},
        ),
        ("UPDATE entries SET amount_micro = 41 WHERE amount_micro = 40", {"chain", "sum", "balance"}),
        ("DELETE FROM entries WHERE transfer_number = 5", {"chain", "balance"}),
        ("DELETE FROM entries; DELETE FROM transfers WHERE number = 2", {"gap", "chain", "balance"}),
        (
            "DELETE FROM entries WHERE transfer_number = 5; DELETE FROM transfers WHERE number = 5",
            {"gap", "balance"},
        ),
        (
            "UPDATE entries SET amount_micro = amount_micro * 4 WHERE transfer_number = 5",
            {"chain", "range", "escrow", "balance"},
        ),
        ("UPDATE transfers SET kind = 'gift' WHERE number = 5", {"chain", "kind"}),
        ("UPDATE transfers SET kind = 'issue' WHERE number = 5", {"chain", "source"}),
    ],
)
def test_every_change_behind_its_back_is_found(kept: Database, statement: str, codes: set[str]) -> None:
    with kept.write() as connection:
        for part in statement.split(";"):
            connection.exec_driver_sql(part)
    assert _codes(kept) == codes


@pytest.mark.parametrize(
    ("kind", "legs", "memo", "code"),
    [
        ("pay", [("escrow:cmp_racer", -5), ("cash:plr_ann", 5)], {}, "cash"),
        ("charge", [("stake:plr_ann", -2), ("issuer", 2)], {"assignment": "asg_1"}, "stake"),
        ("return", [("stake:plr_ann", -2), ("wallet:plr_ann", 2)], {"assignment": "asg_9"}, "stake"),
    ],
)
def test_well_formed_but_wrong_transfers_are_found(
    kept: Database, kind: str, legs: list[tuple[str, int]], memo: dict[str, str], code: str
) -> None:
    with kept.write() as connection:
        ledger.issue(connection, ledger.wallet(ANN), Micro(50), "m", Micros(5))
        ledger.lock_stake(connection, ANN, RACER, AssignmentId("asg_2"), Micro(9), Micros(6))
        wrong = ledger.Transfer(kind, "w", tuple(ledger.Leg(*leg) for leg in legs), {}, memo=memo)
        post(connection, wrong, Micros(7))
    assert _codes(kept) == {code}
