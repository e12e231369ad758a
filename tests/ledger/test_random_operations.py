"""Whatever is done in whatever order: the books balance, and agree with a model that just counts."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from manyhands import ledger
from manyhands.errors import CreditError, IdempotencyError, QuotaError
from manyhands.ledger.book import balances_of
from manyhands.storage import Database
from manyhands.types import AssignmentId, AttemptId, CampaignId, Micro, Micros, PlayerId, RaceId, VerdictId

PLAYERS = [PlayerId(f"plr_{name}") for name in "abc"]
CAMPAIGNS = [CampaignId(f"cmp_{name}") for name in "xy"]
CASH_CAMPAIGN = CAMPAIGNS[1]
TERMS = ledger.LoanTerms(Micro(30), Micro(60), Micro(80))
NOW = Micros(1_700_000_000_000_000)

players, campaigns = st.sampled_from(PLAYERS), st.sampled_from(CAMPAIGNS)
amounts = st.integers(min_value=1, max_value=60).map(Micro)
claims = st.lists(st.tuples(players, st.floats(min_value=0, max_value=10)), min_size=1, max_size=6).filter(
    lambda made: any(weight for _, weight in made)
)
prizes = st.lists(st.tuples(players, amounts), max_size=4)

Call = Callable[[], Any]


class Books(RuleBasedStateMachine):
    """Drives the ledger on one connection, beside a dictionary of balances."""

    connection: Connection

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = self.connection.begin_nested()
        self.model: dict[str, int] = defaultdict(int)
        self.done: list[tuple[Call, Any]] = []
        self.stakes: dict[AssignmentId, tuple[PlayerId, Micro]] = {}
        self.settled: set[AssignmentId] = set()
        self.borrowers: set[PlayerId] = set()
        self.refunded: set[CampaignId] = set()
        self.races: dict[RaceId, tuple[PlayerId, Micro]] = {}
        self.count = 0

    def teardown(self) -> None:
        faults = ledger.audit(self.connection).faults
        self.savepoint.rollback()
        assert faults == []

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def perform(self, call: Call, *moves: tuple[str, int]) -> bool:
        """Run `call`; by the model it must succeed exactly if no account would leave its range."""
        after = dict(self.model)
        for account, amount in moves:
            after[account] = after.get(account, 0) + amount
        possible = all(
            value >= 0 or name == "issuer" or name.startswith("loan:") for name, value in after.items()
        )
        if not possible:
            with pytest.raises(CreditError):
                call()
            return False
        self.done.append((call, call()))
        self.model.update(after)
        return True

    @rule(player=players, amount=amounts, cash=st.booleans())
    def issue(self, player: PlayerId, amount: Micro, cash: bool) -> None:
        key, account = self.fresh("issue-"), ledger.cash(player) if cash else ledger.wallet(player)
        self.perform(
            lambda: ledger.issue(self.connection, account, amount, key, NOW),
            ("issuer", -amount),
            (account, amount),
        )

    @rule(player=players, campaign=campaigns, amount=amounts)
    def fund(self, player: PlayerId, campaign: CampaignId, amount: Micro) -> None:
        key, cash = self.fresh("fund-"), campaign == CASH_CAMPAIGN
        purse = ledger.cash(player) if cash else ledger.wallet(player)
        self.perform(
            lambda: ledger.fund(self.connection, player, campaign, amount, key, NOW, withdrawable=cash),
            (purse, -amount),
            (ledger.escrow(campaign), amount),
        )

    @rule(player=players, address=st.sampled_from("pq"))
    def lend(self, player: PlayerId, address: str) -> None:
        try:
            given = ledger.starter_loan(self.connection, player, address, TERMS, NOW)
        except QuotaError:
            return
        assert given == TERMS.amount_micro
        if player not in self.borrowers:
            self.borrowers.add(player)
            self.model[ledger.loan(player)] -= given
            self.model[ledger.wallet(player)] += given

    @rule(player=players, campaign=campaigns, amount=amounts)
    def lock(self, player: PlayerId, campaign: CampaignId, amount: Micro) -> None:
        assignment = AssignmentId(self.fresh("asg_"))
        if self.perform(
            lambda: ledger.lock_stake(self.connection, player, campaign, assignment, amount, NOW),
            (ledger.wallet(player), -amount),
            (ledger.stake(player), amount),
        ):
            self.stakes[assignment] = (player, amount)

    @precondition(lambda self: self.stakes)
    @rule(data=st.data(), share=st.integers(min_value=0, max_value=4))
    def settle(self, data: st.DataObject, share: int) -> None:
        assignment = data.draw(st.sampled_from(sorted(self.stakes)))
        player, locked = self.stakes[assignment]
        amount = Micro(locked * share // 4)
        call = lambda: ledger.charge(self.connection, assignment, None, amount, NOW)  # noqa: E731
        if assignment in self.settled:
            before = ledger.player_balances(self.connection, player)
            with contextlib.suppress(IdempotencyError):
                assert call().repeated
            assert ledger.player_balances(self.connection, player) == before
        elif self.perform(
            call,
            (ledger.stake(player), -locked),
            ("issuer", amount),
            (ledger.wallet(player), locked - amount),
        ):
            self.settled.add(assignment)

    @rule(campaign=campaigns, pool=amounts, made=claims)
    def pay(self, campaign: CampaignId, pool: Micro, made: list[tuple[PlayerId, float]]) -> None:
        verdict, cash = VerdictId(self.fresh("vrd_")), campaign == CASH_CAMPAIGN
        wanted = [
            ledger.Claim(AttemptId(f"att_{i}"), player, weight) for i, (player, weight) in enumerate(made)
        ]
        moves = [(ledger.escrow(campaign), -int(pool))]
        owed = {player: -self.model[ledger.loan(player)] for player in PLAYERS}
        for claim, share in zip(wanted, ledger.split(pool, [claim.weight for claim in wanted]), strict=True):
            repaid = min(share, owed[claim.player])
            owed[claim.player] -= repaid
            purse = ledger.cash(claim.player) if cash else ledger.wallet(claim.player)
            moves += [(ledger.loan(claim.player), repaid), (purse, share - repaid)]
        self.perform(
            lambda: ledger.pay_lot(self.connection, campaign, verdict, pool, wanted, NOW, withdrawable=cash),
            *moves,
        )

    @rule(campaign=campaigns, player=players)
    def refund(self, campaign: CampaignId, player: PlayerId) -> None:
        left, cash = self.model[ledger.escrow(campaign)], campaign == CASH_CAMPAIGN
        if campaign in self.refunded or left == 0:
            return
        self.refunded.add(campaign)
        purse = ledger.cash(player) if cash else ledger.wallet(player)
        self.perform(
            lambda: ledger.refund(self.connection, campaign, player, NOW, withdrawable=cash),
            (ledger.escrow(campaign), -left),
            (purse, left),
        )

    @rule(player=players, amount=amounts)
    def hold_a_race(self, player: PlayerId, amount: Micro) -> None:
        race = RaceId(self.fresh("rac_"))
        if self.perform(
            lambda: ledger.sponsor(self.connection, race, player, amount, NOW),
            (ledger.wallet(player), -amount),
            (ledger.escrow(race), amount),
        ):
            self.races[race] = (player, amount)

    @precondition(lambda self: self.races)
    @rule(data=st.data(), won=prizes)
    def close_a_race(self, data: st.DataObject, won: list[tuple[PlayerId, Micro]]) -> None:
        race = data.draw(st.sampled_from(sorted(self.races)))
        organiser, held = self.races[race]
        wanted = [ledger.Prize(player, amount) for player, amount in won]
        call = lambda: ledger.pay_prizes(self.connection, race, wanted, organiser, NOW)  # noqa: E731
        left = held - sum(amount for _, amount in won)
        if left < 0:
            with pytest.raises(CreditError):
                call()
            return
        moves = [(ledger.escrow(race), -int(held)), (ledger.wallet(organiser), left)]
        owed = {player: -self.model[ledger.loan(player)] for player in PLAYERS}
        for player, amount in won:
            repaid = min(amount, owed[player])
            owed[player] -= repaid
            moves += [(ledger.loan(player), repaid), (ledger.wallet(player), amount - repaid)]
        assert self.perform(call, *moves)
        del self.races[race]

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Anything done before gives the same result again and moves nothing."""
        call, result = data.draw(st.sampled_from(self.done))
        again = call()
        if isinstance(result, ledger.Receipt):
            assert (again.number, again.hash, again.repeated) == (result.number, result.hash, True)
        else:
            assert again == result

    @invariant()
    def balances_agree_with_the_model(self) -> None:
        held = balances_of(self.connection, self.model)
        assert {name: held.get(name, 0) for name in self.model} == dict(self.model)

    @invariant()
    def nothing_is_withdrawable_under_a_loan(self) -> None:
        for player in PLAYERS:
            held = ledger.player_balances(self.connection, player)
            assert held.withdrawable_micro == (0 if held.loan_micro else held.cash_micro)


def test_random_operations_keep_every_invariant(database: Database) -> None:
    with database.write() as connection:
        machine = type("BooksHere", (Books,), {"connection": connection})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=20 if connection.dialect.name == "sqlite" else 8,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
