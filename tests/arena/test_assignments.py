from __future__ import annotations

import pytest
from arena_harness import SECOND, START, Stage

from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.errors import ConflictError, JudgeBehindError, NotFoundError, QuotaError


def test_starts_are_given_out_once_each(stage: Stage) -> None:
    given = [stage.assign(stage.guest(str(n))) for n in range(20)]
    assert all(row["start"] == START for row in given)
    with pytest.raises(JudgeBehindError) as refused:
        stage.assign(stage.guest("late"))
    assert refused.value.retry_after_s > 0


def test_stakes_return_when_assignments_expire(stage: Stage) -> None:
    players = [stage.guest(str(n)) for n in range(3)]
    for player in players:
        stage.assign(player)
    assert not arena.sweep_needed(stage.connection, stage.now)
    stage.now += 180 * SECOND
    assert arena.sweep_needed(stage.connection, stage.now)
    assert arena.expire_assignments(stage.connection, stage.now, limit=2) == 2
    assert arena.expire_assignments(stage.connection, stage.now) == 1
    for player in players:
        held = ledger.player_balances(stage.connection, player)
        assert (held.wallet_micro, held.stake_micro) == (20_000_000, 0)
    assert ledger.audit(stage.connection).faults == []


def test_a_player_goes_on_after_its_assignment_ended(stage: Stage) -> None:
    player = stage.guest()
    first = stage.assign(player)
    with pytest.raises(ConflictError, match="still open"):
        stage.assign(player)
    arena.cancel_assignment(stage.connection, first["id"], player, stage.now)
    assert stage.assign(player)["id"] != first["id"]
    with pytest.raises(NotFoundError):
        arena.read_assignment(stage.connection, first["id"], stage.guest("b"))


def test_backlog_is_measured_in_seconds(stage: Stage) -> None:
    for number in range(4):
        stage.play(stage.guest(str(number)))
    arena.set_gauge(stage.connection, "judged_per_s", 0.1, "", stage.now)
    with pytest.raises(JudgeBehindError, match="About 40 s") as refused:
        stage.assign(stage.guest("late"))
    assert refused.value.retry_after_s == 11


def test_a_slowed_player_waits(stage: Stage) -> None:
    from manyhands.storage.schema import players

    player = stage.guest()
    stage.connection.execute(players.update().values(slow_until_us=stage.now + 90 * SECOND))
    with pytest.raises(QuotaError) as refused:
        stage.assign(player)
    assert refused.value.retry_after_s == 91
