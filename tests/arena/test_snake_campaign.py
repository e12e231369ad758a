"""Two rounds of a Snake campaign, through the same assignments, attempts, judges and books as the racer."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import pytest
from sqlalchemy import select
from tiny_arena import BUDGET, STAKE, TinyArena

import tiny_snake as tiny
from manyhands.arena import api as arena_api
from manyhands.arena import audit as auditing
from manyhands.arena import scout
from manyhands.arena.audit import Report
from manyhands.arena.shelf import Shelf
from manyhands.crowd import players, simulation
from manyhands.crowd.players import Hand, Kind
from manyhands.crowd.simulation import Seat
from manyhands.judging.course import Course
from manyhands.storage.schema import attempts, campaigns, verdicts
from manyhands.types import Json

# The judge is compiled first, which a busy machine takes its time for.
pytestmark = pytest.mark.timeout(1500)

ORDER = arena_api.CampaignOrder("Snakes", None, "snake-v0", "grid", BUDGET, STAKE, 1.0, config=tiny.CONFIG)
SKILLED = 5  # the others move at random from the first tick to the last
FLAILING = Kind(Hand.RANDOM, wakes=False, whole=True)


class SnakeShelf(Shelf):
    """As ever, with few standing starts."""

    def _course(self, campaign_id: str) -> Course:
        return tiny.course()


@dataclass
class Played:
    """What came of the campaign.

    attempts: in order; verdicts: their kinds; flailing: the players who move at random.
    """

    attempts: list[Json]
    verdicts: list[str]
    campaign: Json
    report: Report
    flailing: set[str]


def seats(given: list[Json]) -> list[Seat]:
    """Most players play as well as they can; the rest know nothing."""
    return [
        Seat(one, "demonstrator" if number < SKILLED else "flailing", number % 2)
        for number, one in enumerate(given)
    ]


def play(arena: TinyArena, tag: str) -> None:
    """Every player plays an assignment and hands it in."""
    given = arena.assign(tag)
    champion = arena.shelf.policy(arena.champion())
    bodies: dict[str, Json] = {}
    for driver in (0, 1):
        group = [seat for seat in seats(given) if seat.driver == driver]
        plays = simulation.play(group, champion, tiny.ROWS, jax.random.key(driver))
        bodies |= {seat.assignment["id"]: one.body for seat, one in zip(group, plays, strict=True)}
    arena.hand_in(given, [bodies[one["id"]] for one in given])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two rounds of eight players."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(players.KINDS, "flailing", FLAILING)
        patch.setattr(scout, "AT_ONCE", tiny.ROWS // 2)
        patch.setattr(scout, "LEAST", tiny.ROWS // 2)
        arena = TinyArena.open(tmp_path_factory.mktemp("snakes"), ORDER, SnakeShelf, tiny.ROUNDS)
        arena.judge()
        for tag in ("first", "second"):
            play(arena, tag)
            arena.judge()
        with arena.database.read() as connection:
            query = select(attempts).order_by(attempts.c.received_us)
            rows = [dict(row) for row in connection.execute(query).mappings()]
            kinds = list(connection.execute(select(verdicts.c.kind).order_by(verdicts.c.number)).scalars())
            campaign = dict(connection.execute(select(campaigns)).mappings().one())
        report = auditing.audit(arena.shelf, 10)
        arena.database.close()
    return Played(rows, kinds, campaign, report, set(arena.players[SKILLED:]))


def test_a_rescue_is_worth_foods_and_flailing_costs_them(played: Played) -> None:
    assert {row["status"] for row in played.attempts} == {"judged"}
    skilled = [row["value"] for row in played.attempts if row["player_id"] not in played.flailing]
    flailed = [row["value"] for row in played.attempts if row["player_id"] in played.flailing]
    assert sum(skilled[:SKILLED]) > SKILLED / 2
    assert sum(flailed) < 0.0


def test_the_champion_improves_and_money_moves(played: Played) -> None:
    assert played.verdicts[:2] == ["bootstrap", "promoted"]
    assert played.campaign["score_now"] > played.campaign["score_first"]
    assert 0 < sum(row["paid_micro"] for row in played.attempts) <= BUDGET
    # Starts are drawn afresh in every run, and who moves at random may happen on a food: that is paid for.
    assert all(row["value"] > 0.0 for row in played.attempts if row["paid_micro"])
    flailing = sum(row["paid_micro"] for row in played.attempts if row["player_id"] in played.flailing)
    assert flailing < sum(row["paid_micro"] for row in played.attempts) / 4


def test_the_books_are_clean_and_verdicts_are_judged_again_to_the_bit(played: Played) -> None:
    assert played.report.faults == []
    assert played.report.recomputed >= 1
