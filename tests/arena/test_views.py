"""What pages read, on both databases: lists, details, tables, statements, exports."""

from __future__ import annotations

import itertools
import json

import pytest
from arena_harness import CID, SECOND, Stage
from sqlalchemy import select, update

from manyhands.arena import api as arena
from manyhands.arena.paging import page
from manyhands.errors import InputError
from manyhands.storage.schema import attempts, campaigns, gauges


def test_a_lots_attempts_are_decided_by_the_verdict_that_paid(stage: Stage) -> None:
    player = stage.guest()
    kept_round, _ = stage.judge(1, "kept", sentence="Not yet.")
    first = stage.play(player)
    stage.value(first, 2.0, kept_round, status="judged")
    assert arena.attempt_detail(stage.connection, first)["verdict"]["sentence"] == "Not yet."
    unpaid_round, _ = stage.judge(2, "promoted", pool_micro=0)
    assert arena.attempt_detail(stage.connection, first)["verdict"]["number"] == 2
    _, paying = stage.judge(3, "promoted", pool_micro=7_000_000, contributions=1)
    stage.pay(paying, first, player, 7_000_000)
    seen = arena.attempt_detail(stage.connection, first)
    assert seen["verdict"]["id"] == paying
    assert seen["reason"]["code"] == "paid"
    entries = arena.verdict_detail(stage.connection, paying)["entries"]
    assert [(entry["attempt_id"], entry["paid_micro"]) for entry in entries] == [(first, 7_000_000)]
    assert unpaid_round != kept_round


def test_a_lot_is_paid_by_one_promotion_and_says_so_in_lists(stage: Stage) -> None:
    player, harmful = stage.guest(), stage.guest("harmful")
    played = [stage.play(one) for one in (player, harmful, player, player)]
    helped, harmed, late, refused = played

    def lots(whose: str) -> dict[str, str]:
        listed = arena.attempts_of(stage.connection, whose, None, 10)["attempts"]
        found = {row["id"]: row["lot_state"] for row in listed}
        assert found == {one: arena.attempt_detail(stage.connection, one)["lot_state"] for one in found}
        return found

    round_id, _ = stage.judge(1, "promoted", pool_micro=0)
    stage.value(helped, 2.0, round_id, status="judged")
    stage.value(harmed, -1.0, round_id, status="judged")
    stage.connection.execute(update(attempts).where(attempts.c.id == refused).values(status="refused"))
    assert lots(player) == {helped: "open", late: "open", refused: "open"}
    _, paying = stage.judge(2, "promoted", pool_micro=7_000_000)
    stage.pay(paying, helped, player, 7_000_000)
    stage.value(late, 1.0, lot_number=2)
    # One that was refused is in no lot.
    assert lots(player) == {helped: "paid", late: "open", refused: "open"}
    assert lots(harmful) == {harmed: "paid"}
    stage.connection.execute(update(campaigns).values(state="closed"))
    assert lots(player) == {helped: "paid", late: "closed", refused: "closed"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "pending"}, "waiting"),
        ({"status": "valued", "value": 1.0}, "valued"),
        ({"status": "valued", "value": -3.0, "charged_micro": 5}, "charged"),
        ({"status": "judged", "value": 1.0}, "judged"),
        ({"status": "judged", "value": 0.0, "actors": bytes(2)}, "no_takeover"),
        ({"status": "refused", "reason": "It did not end there."}, "refused"),
        ({"status": "withdrawn"}, "withdrawn"),
    ],
)
def test_every_outcome_has_a_sentence(stage: Stage, changes: dict[str, object], code: str) -> None:
    attempt_id = stage.play(stage.guest())
    stage.connection.execute(update(attempts).values(**changes))
    reason = arena.attempt_detail(stage.connection, attempt_id)["reason"]
    assert reason["code"] == code
    assert reason["sentence"].endswith(".")


def test_the_history_counts_attempts_up_to_each_verdict(stage: Stage) -> None:
    for number, kind in ((1, "kept"), (2, "promoted")):
        round_id, _ = stage.judge(number, kind, pool_micro=number - 1)
        for _ in range(number):
            stage.value(stage.play(stage.guest()), 1.0, round_id)
    detail = arena.campaign_detail(stage.connection, stage.campaign_id, stage.settings, stage.now)
    assert [(point["number"], point["attempts"], point["paid_micro"]) for point in detail["history"]] == [
        (1, 1, 0),
        (2, 3, 1),
    ]
    assert detail["history"][0]["score"] == 0.25
    assert (detail["players"], detail["attempts"]) == (3, 3)


def test_money_on_the_page_is_the_ledgers(stage: Stage) -> None:
    player = stage.guest()
    attempt_id = stage.play(player)
    round_id, verdict_id = stage.judge(1, "promoted", pool_micro=30_000_000)
    stage.value(attempt_id, 2.0, round_id)
    stage.pay(verdict_id, attempt_id, player, 30_000_000)
    seen = next(row for row in arena.list_campaigns(stage.connection, stage.now) if row["state"] == "open")
    assert (seen["paid_micro"], seen["paid_today_micro"]) == (30_000_000, 30_000_000)
    assert seen["escrow_micro"] == 970_000_000
    later = arena.list_campaigns(stage.connection, stage.now + 25 * 3600 * SECOND)
    assert [row["paid_today_micro"] for row in later] == [0, 0]
    own = arena.own_view(stage.connection, arena.find_player(stage.connection, player))
    assert (own["balance_micro"], own["loan_micro"], own["staked_micro"]) == (28_000_000, 0, 2_000_000)
    assert own["withdrawable_micro"] == 0


def test_tables_rank_by_net(stage: Stage) -> None:
    players = [stage.guest(str(n)) for n in range(3)]
    round_id, _ = stage.judge(1, "kept")
    for player, paid, charged in zip(players, (5, 9, 0), (1, 0, 2), strict=True):
        stage.value(stage.play(player), 1.0, round_id, paid_micro=paid, charged_micro=charged)
    board = arena.leaderboard(stage.connection, 10)
    assert [(row["player_id"], row["rank"], row["net_micro"]) for row in board] == [
        (players[1], 1, 9),
        (players[0], 2, 4),
        (players[2], 3, -2),
    ]
    assert [arena.own_rank(stage.connection, player) for player in players] == [2, 1, 3]
    assert arena.own_rank(stage.connection, stage.guest("new")) is None
    first = arena.campaign_players(stage.connection, stage.campaign_id, None, 2)
    rest = arena.campaign_players(stage.connection, stage.campaign_id, first["next_cursor"], 2)
    assert [row["net_micro"] for row in first["players"] + rest["players"]] == [9, 4, -2]
    assert rest["next_cursor"] is None


def test_lists_page_through_equal_times_without_gap_or_double(stage: Stage) -> None:
    for number in range(5):
        stage.value(stage.play(stage.guest(str(number))), 1.0)
    stage.connection.execute(update(attempts).values(received_us=7))
    everything = arena.campaign_lot(stage.connection, stage.campaign_id, None, 50)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        part = arena.campaign_lot(stage.connection, stage.campaign_id, cursor, 2)
        seen += [entry["attempt_id"] for entry in part["entries"]]
        cursor = part["next_cursor"]
    assert cursor is None
    assert seen == [entry["attempt_id"] for entry in everything["entries"]]
    assert everything["contributions"] == everything["positive"] == everything["players"] == 5


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.", ".a", "1.a.b", "-1.a"])
def test_a_made_up_cursor_is_refused(stage: Stage, cursor: str) -> None:
    query = select(attempts.c.id, attempts.c.received_us)
    with pytest.raises(InputError):
        page(stage.connection, query, (attempts.c.received_us, attempts.c.id), cursor, 2)


def test_the_statement_balances_at_every_line(stage: Stage) -> None:
    player = stage.guest()
    for _ in range(4):
        given = stage.assign(player)
        arena.cancel_assignment(stage.connection, given["id"], player, stage.now)
    lines = arena.statement(stage.connection, player, None, 50)["lines"]
    for account in ("wallet", "stake", "loan"):
        mine = [line for line in lines if line["account"] == account]
        for newer, older in itertools.pairwise(mine):
            assert newer["balance_micro"] - newer["amount_micro"] == older["balance_micro"]
        assert mine[-1]["balance_micro"] == mine[-1]["amount_micro"]


def test_exports_hold_paid_and_not_withdrawn_contributions(stage: Stage) -> None:
    players = [stage.guest(str(n)) for n in range(3)]
    ids = [stage.play(player) for player in players]
    for attempt_id, paid in zip(ids, (5, 5, 0), strict=True):
        stage.value(attempt_id, 1.0, paid_micro=paid)
    withdrawn = arena.withdraw_data(stage.connection, players[1], stage.now)
    assert withdrawn["attempts_withdrawn"] == 1
    campaign_id, header = arena.export_header(stage.connection, "crowd-circuit-lidar", None)
    assert json.loads(header)["champion_cid"] == CID
    lines, cursor = arena.export_batch(stage.connection, campaign_id, None)
    assert [json.loads(line)["id"] for line in lines] == [ids[0]]
    assert cursor is None
    data = arena.export_player(stage.connection, players[1])
    assert [row["status"] for row in data["attempts"]] == ["withdrawn"]


def test_health_and_overview_read_on_both_databases(stage: Stage) -> None:
    stage.play(stage.guest())
    arena.beat(stage.connection, "referee-1", ready=False, note="compiling", now=stage.now)
    figures = arena.service_figures(stage.connection, stage.now + 3 * SECOND)
    assert (figures["judge"], figures["judge_heartbeat_age_s"], figures["pending_attempts"]) == (
        "warming",
        3.0,
        1,
    )
    later = arena.service_figures(stage.connection, stage.now + 60 * SECOND)
    assert later["judge"] == "away"
    overview = arena.overview(stage.connection, stage.now)
    assert overview["pending_attempts"] == overview["attempts_24h"] == 1
    assert {row["state"] for row in overview["queue"]} == {"ready"}


def test_processes_that_are_gone_leave_the_overview_and_then_the_table(stage: Stage) -> None:
    def names(after_s: int) -> list[str]:
        rows = arena.overview(stage.connection, stage.now + after_s * SECOND)["processes"]
        return [row["name"] for row in rows]

    for name, at_s in (("trainer-1", 0), ("referee-2", 60)):
        arena.beat(stage.connection, name, ready=True, note="", now=stage.now + at_s * SECOND)
    assert names(100) == ["referee-2", "trainer-1"]
    assert names(150) == ["referee-2"]
    assert names(3600) == []
    # Whether a judge ever ran, and when, is still known when all of them are gone.
    assert (
        arena.service_figures(stage.connection, stage.now + 3660 * SECOND)["judge_heartbeat_age_s"] == 3600.0
    )
    arena.set_gauge(stage.connection, "warmup:a", 0.5, "", stage.now)
    arena.beat(stage.connection, "referee-1", ready=True, note="", now=stage.now + 3600 * SECOND)
    left = set(stage.connection.execute(select(gauges.c.name)).scalars())
    assert left == {"heartbeat:referee-1", "warmup:a"}
