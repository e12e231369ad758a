"""A statement shows a player's own lines, newest first, and pages."""

from __future__ import annotations

from manyhands import ledger
from manyhands.storage import Database
from manyhands.types import AssignmentId, AttemptId, CampaignId, Micro, Micros, PlayerId, VerdictId

ANN, BOB, RACER = PlayerId("plr_ann"), PlayerId("plr_bob"), CampaignId("cmp_racer")


def test_lines_are_the_players_own_and_page(database: Database) -> None:
    terms = ledger.LoanTerms(Micro(10), Micro(100), Micro(100))
    with database.write() as connection:
        ledger.issue(connection, ledger.escrow(RACER), Micro(100), "k", Micros(1))
        ledger.starter_loan(connection, ANN, "a", terms, Micros(2))
        ledger.starter_loan(connection, BOB, "a", terms, Micros(2))
        ledger.lock_stake(connection, ANN, RACER, AssignmentId("asg_1"), Micro(4), Micros(3))
        ledger.charge(connection, AssignmentId("asg_1"), AttemptId("att_1"), Micro(1), Micros(4))
        claims = [ledger.Claim(AttemptId("att_1"), ANN, 3.0), ledger.Claim(AttemptId("att_2"), BOB, 1.0)]
        ledger.pay_lot(connection, RACER, VerdictId("vrd_1"), Micro(40), claims, Micros(5))
    with database.read() as connection:
        lines = ledger.statement(connection, ANN)
        page = ledger.statement(connection, ANN, before=lines[1].number, limit=1)
        assert ledger.statement(connection, PlayerId("plr_nobody")) == []
    assert [(line.kind, line.changes) for line in lines] == [
        ("pay", {"loan": 10, "wallet": 20}),
        ("charge", {"stake": -4, "wallet": 3}),
        ("stake", {"wallet": -4, "stake": 4}),
        ("loan", {"loan": -10, "wallet": 10}),
    ]
    assert page == [lines[2]]
    assert lines[0].memo["payments"] == [["att_1", ANN, 30, 10]]
    assert (lines[1].campaign, lines[1].attempt, lines[1].created_us) == (RACER, "att_1", 4)
