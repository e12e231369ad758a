"""Each movement of credits: what it does, once, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from manyhands import ledger
from manyhands.errors import CreditError, IdempotencyError, InputError, QuotaError, StorageError
from manyhands.ledger.book import post
from manyhands.storage import Database
from manyhands.types import AssignmentId, AttemptId, CampaignId, Micro, Micros, PlayerId, VerdictId

ANN, BOB = PlayerId("plr_ann"), PlayerId("plr_bob")
RACER = CampaignId("cmp_racer")
ASG, ATT, VERDICT = AssignmentId("asg_1"), AttemptId("att_1"), VerdictId("vrd_1")
NOW = Micros(1_700_000_000_000_000)
DAY_US = 86_400_000_000
TERMS = ledger.LoanTerms(Micro(20), Micro(40), Micro(60))


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.write() as connection:
        yield connection
        assert ledger.audit(connection).faults == []


def _wallet(connection: Connection, player: PlayerId, amount: int, key: str = "start") -> None:
    ledger.issue(connection, ledger.wallet(player), Micro(amount), f"{key}-{player}", NOW)


def _has(connection: Connection, player: PlayerId) -> tuple[int, int, int, int, int]:
    held = ledger.player_balances(connection, player)
    return (
        held.wallet_micro,
        held.cash_micro,
        held.stake_micro,
        held.loan_micro,
        held.withdrawable_micro,
    )


def test_issued_credits_are_owed_by_the_issuer(connection: Connection) -> None:
    receipt = ledger.issue(connection, ledger.wallet(ANN), Micro(7), "k", NOW)
    again = ledger.issue(connection, ledger.wallet(ANN), Micro(7), "k", Micros(NOW + 1))
    assert (receipt.number, receipt.repeated, again.repeated) == (1, False, True)
    assert (again.number, again.hash) == (receipt.number, receipt.hash)
    assert ledger.balance(connection, ledger.ISSUER) == -7
    assert _has(connection, ANN) == (7, 0, 0, 0, 0)


@pytest.mark.parametrize("account", ["issuer", "stake:plr_ann", "loan:plr_ann", "elsewhere"])
def test_credits_are_issued_to_wallets_cash_and_escrows_only(connection: Connection, account: str) -> None:
    with pytest.raises(InputError) as caught:
        ledger.issue(connection, account, Micro(7), "k", NOW)
    assert caught.value.field == "account"


def test_a_stake_is_locked_and_returned_once(connection: Connection) -> None:
    _wallet(connection, ANN, 10)
    for _ in range(2):
        ledger.lock_stake(connection, ANN, RACER, ASG, Micro(4), NOW)
        assert _has(connection, ANN) == (6, 0, 4, 0, 0)
    for _ in range(2):
        ledger.return_stake(connection, ASG, NOW)
        assert _has(connection, ANN) == (10, 0, 0, 0, 0)
    with pytest.raises(IdempotencyError):
        ledger.charge(connection, ASG, ATT, Micro(1), NOW)
    assert _has(connection, ANN) == (10, 0, 0, 0, 0)


def test_a_charge_goes_to_the_issuer_and_the_rest_back(connection: Connection) -> None:
    _wallet(connection, ANN, 10)
    ledger.lock_stake(connection, ANN, RACER, ASG, Micro(4), NOW)
    for _ in range(2):
        ledger.charge(connection, ASG, ATT, Micro(3), NOW)
        assert _has(connection, ANN) == (7, 0, 0, 0, 0)
        assert ledger.balance(connection, ledger.ISSUER) == -7
    for settle in (
        lambda: ledger.charge(connection, ASG, ATT, Micro(2), NOW),
        lambda: ledger.return_stake(connection, ASG, NOW),
    ):
        with pytest.raises(IdempotencyError):
            settle()


def test_no_more_than_the_stake_can_be_lost(connection: Connection) -> None:
    _wallet(connection, ANN, 10)
    ledger.lock_stake(connection, ANN, RACER, ASG, Micro(4), NOW)
    for amount in (5, -1):
        with pytest.raises(CreditError):
            ledger.charge(connection, ASG, ATT, Micro(amount), NOW)
    with pytest.raises(CreditError, match="stake is 0"):
        ledger.charge(connection, AssignmentId("asg_none"), ATT, Micro(1), NOW)
    assert _has(connection, ANN) == (6, 0, 4, 0, 0)


def test_a_stake_of_nothing_moves_nothing(connection: Connection) -> None:
    assert ledger.lock_stake(connection, ANN, RACER, ASG, Micro(0), NOW) is None
    assert ledger.return_stake(connection, ASG, NOW) is None
    assert ledger.audit(connection).transfers == 0


def test_a_stake_above_the_wallet_is_refused_and_changes_nothing(connection: Connection) -> None:
    _wallet(connection, ANN, 3)
    with pytest.raises(CreditError, match="holds 3"):
        ledger.lock_stake(connection, ANN, RACER, ASG, Micro(4), NOW)
    assert _has(connection, ANN) == (3, 0, 0, 0, 0)
    assert ledger.audit(connection).transfers == 1


def test_a_lot_is_split_and_repays_loans_first(connection: Connection) -> None:
    ledger.issue(connection, ledger.escrow(RACER), Micro(1000), "k", NOW)
    ledger.starter_loan(connection, ANN, "address", TERMS, NOW)
    claims = [
        ledger.Claim(ATT, ANN, 1.0),
        ledger.Claim(AttemptId("att_2"), BOB, 2.0),
        ledger.Claim(AttemptId("att_3"), ANN, 1.0),
        ledger.Claim(AttemptId("att_4"), BOB, 0.0),
    ]
    expected = [
        ledger.Payment(ATT, ANN, Micro(13), Micro(13)),
        ledger.Payment(AttemptId("att_2"), BOB, Micro(25), Micro(0)),
        ledger.Payment(AttemptId("att_3"), ANN, Micro(12), Micro(7)),
        ledger.Payment(AttemptId("att_4"), BOB, Micro(0), Micro(0)),
    ]
    # The second call must not depend on the loan that the first one repaid.
    for _ in range(2):
        assert ledger.pay_lot(connection, RACER, VERDICT, Micro(50), claims, NOW) == expected
    assert _has(connection, ANN) == (25, 0, 0, 0, 0)
    assert _has(connection, BOB) == (25, 0, 0, 0, 0)
    assert ledger.balance(connection, ledger.escrow(RACER)) == 950
    with pytest.raises(IdempotencyError):
        ledger.pay_lot(connection, RACER, VERDICT, Micro(51), claims, NOW)


def test_a_lot_is_never_paid_beyond_the_escrow(connection: Connection) -> None:
    ledger.issue(connection, ledger.escrow(RACER), Micro(49), "k", NOW)
    with pytest.raises(CreditError, match="escrow"):
        ledger.pay_lot(connection, RACER, VERDICT, Micro(50), [ledger.Claim(ATT, ANN, 1.0)], NOW)


def test_a_closed_campaign_refunds_its_funder_once(connection: Connection) -> None:
    _wallet(connection, ANN, 10)
    ledger.fund(connection, ANN, RACER, Micro(8), "top-up-1", NOW)
    assert _has(connection, ANN)[0] == 2
    for _ in range(2):
        ledger.refund(connection, RACER, ANN, NOW)
        assert _has(connection, ANN)[0] == 10
    with pytest.raises(IdempotencyError):
        ledger.refund(connection, RACER, BOB, NOW)


def test_a_ready_made_campaign_refunds_the_issuer(connection: Connection) -> None:
    assert ledger.refund(connection, RACER, None, NOW) is None
    ledger.issue(connection, ledger.escrow(RACER), Micro(49), "k", NOW)
    ledger.refund(connection, RACER, None, NOW)
    assert ledger.balance(connection, ledger.ISSUER) == 0


def test_withdrawable_campaigns_take_and_pay_cash(connection: Connection) -> None:
    ledger.issue(connection, ledger.cash(BOB), Micro(100), "bought", NOW)
    ledger.fund(connection, BOB, RACER, Micro(100), "k", NOW, withdrawable=True)
    ledger.starter_loan(connection, ANN, "address", TERMS, NOW)

    def pay(verdict: str, pool: int) -> None:
        ledger.pay_lot(
            connection,
            RACER,
            VerdictId(verdict),
            Micro(pool),
            [ledger.Claim(ATT, ANN, 1.0)],
            NOW,
            withdrawable=True,
        )

    pay("vrd_1", 15)
    assert _has(connection, ANN) == (20, 0, 0, 5, 0)
    pay("vrd_2", 15)
    assert _has(connection, ANN) == (20, 10, 0, 0, 10)
    ledger.refund(connection, RACER, BOB, NOW, withdrawable=True)
    assert _has(connection, BOB) == (0, 70, 0, 0, 70)


def test_a_loan_outstanding_lets_nothing_be_withdrawn(connection: Connection) -> None:
    ledger.issue(connection, ledger.cash(ANN), Micro(100), "bought", NOW)
    ledger.starter_loan(connection, ANN, "address", TERMS, NOW)
    assert _has(connection, ANN) == (20, 100, 0, 20, 0)


def test_starter_loans_are_given_once_and_capped(connection: Connection) -> None:
    def lend(player: str, address: str, now: int = NOW) -> int:
        return ledger.starter_loan(connection, PlayerId(player), address, TERMS, Micros(now))

    assert lend("plr_1", "a") == lend("plr_1", "a") == lend("plr_2", "a") == 20
    with pytest.raises(QuotaError, match="this address") as caught:
        lend("plr_3", "a")
    assert 0 < caught.value.retry_after_s <= 86_400
    assert lend("plr_3", "b") == 20
    with pytest.raises(QuotaError, match="used up"):
        lend("plr_4", "c")
    assert _has(connection, PlayerId("plr_4")) == (0, 0, 0, 0, 0)
    assert lend("plr_4", "a", NOW + DAY_US) == 20


def test_unknown_accounts_are_empty(connection: Connection) -> None:
    assert ledger.balance(connection, "wallet:nobody") == 0
    assert _has(connection, BOB) == (0, 0, 0, 0, 0)


def test_money_moves_in_exclusive_transactions_only(database: Database) -> None:
    for transaction in (database.read, database.touch):
        with transaction() as connection, pytest.raises(StorageError, match="exclusive"):
            ledger.issue(connection, ledger.wallet(ANN), Micro(1), "k", NOW)


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_keys_have_a_length(connection: Connection, key: str) -> None:
    with pytest.raises(InputError) as caught:
        ledger.issue(connection, ledger.wallet(ANN), Micro(1), key, NOW)
    assert caught.value.field == "idempotency_key"


def test_a_transfer_of_another_shape_under_a_known_key_is_refused(connection: Connection) -> None:
    _wallet(connection, ANN, 1, "k")
    calls: list[Callable[[], Any]] = [
        lambda: ledger.issue(connection, ledger.wallet(ANN), Micro(2), "k-plr_ann", NOW),
        lambda: ledger.issue(connection, ledger.wallet(BOB), Micro(1), "k-plr_ann", NOW),
        lambda: ledger.fund(connection, ANN, RACER, Micro(1), "k-plr_ann", NOW),
    ]
    for call in calls:
        with pytest.raises(IdempotencyError) as caught:
            call()
        assert caught.value.field == "idempotency_key"
    with pytest.raises(InputError, match="sum to"):
        post(connection, ledger.Transfer("issue", "x", (ledger.Leg("issuer", -1),), {}), NOW)
