"""A round: tried when it is worth it, decided by the gate, paid by what was gained, repeatable to the bit."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

import tiny_course as tiny
from manyhands.judging import payout, round, starts
from manyhands.judging import value as valuing
from manyhands.judging.gate import GateConfig
from manyhands.judging.round import Entry, Outcome, Standing
from manyhands.learners.samples import Samples
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

SECRET = "ab" * 32
ESCROW = 10**9
SPEC = NetworkSpec(vector=27, hidden=(32,))


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    """Eight contributions of a hand that drives well for the first eight seconds."""
    spec, params = tiny.bad()
    attempts = tiny.play((spec, params), tiny.starts(), tiny.hold(0, 120))
    found = valuing.value(tiny.task(), spec, params, attempts)
    pairs = zip(attempts, found, strict=True)
    return tuple(Entry(a.id, a.player, v.value, v.samples) for a, v in pairs if v.samples is not None)


@pytest.fixture(scope="module")
def blank() -> Params:
    return network.init(SPEC, jax.random.key(1))


@pytest.fixture(scope="module")
def standing(entries: tuple[Entry, ...], blank: Params) -> Standing:
    """A campaign whose champion knows nothing; its old data is half a second of one attempt."""
    return Standing(
        network=SPEC,
        champion=blank,
        heldout=tiny.course().heldout_scores(SPEC, blank),
        old=entries[0].samples.first(8),
        lot=entries,
        tries=0,
        tried_size=0,
        pooled=payout.Pooled(),
        escrow_micro=ESCROW,
        first_score=0.05,
        target_score=1.0,
    )


@pytest.fixture(scope="module")
def outcome(standing: Standing) -> Outcome:
    return round.judge(tiny.course(), standing, tiny.ROUNDS, "root", SECRET)


def test_a_lot_that_teaches_is_promoted_and_paid(outcome: Outcome, standing: Standing) -> None:
    assert outcome.kind == "promoted", outcome.reason
    assert outcome.champion is not None
    assert outcome.heldout is not None
    assert outcome.heldout.mean() > standing.heldout.mean()
    assert outcome.gate_scores.shape[0] == 3
    assert outcome.gate_scores.shape[1] % tiny.ROUNDS.gate.block == 0
    assert (outcome.gain, outcome.variance) == round.measured_gain(outcome.pay_scores)
    pooled, pool = payout.earn(payout.Pooled(), outcome.gain, outcome.variance, 0.95, ESCROW)
    assert (outcome.pooled, outcome.pool_micro) == (pooled, pool)
    assert 0 <= pool <= ESCROW
    assert (outcome.tries, outcome.tried_size) == (1, len(standing.lot))


def test_the_same_inputs_give_the_same_outcome_bit_for_bit(outcome: Outcome, standing: Standing) -> None:
    again = round.judge(tiny.course(), standing, tiny.ROUNDS, "root", SECRET)
    assert (again.kind, again.gain, again.variance, again.pooled, again.pool_micro) == (
        outcome.kind,
        outcome.gain,
        outcome.variance,
        outcome.pooled,
        outcome.pool_micro,
    )
    np.testing.assert_array_equal(again.gate_scores, outcome.gate_scores)
    np.testing.assert_array_equal(again.pay_scores, outcome.pay_scores)
    assert again.champion is not None
    assert outcome.champion is not None
    for name, weights in outcome.champion.items():
        np.testing.assert_array_equal(again.champion[name], weights)


def test_another_secret_draws_other_starts(outcome: Outcome, standing: Standing) -> None:
    other = round.judge(tiny.course(), standing, tiny.ROUNDS, "root", "cd" * 32)
    assert other.gate_scores.tolist() != outcome.gate_scores.tolist()


def test_a_small_lot_waits(standing: Standing) -> None:
    few = replace(standing, lot=standing.lot[:3])
    waiting = round.judge(tiny.course(), few, tiny.ROUNDS, "root", SECRET)
    assert (waiting.kind, waiting.tries, waiting.gate_scores.size) == ("kept", 0, 0)
    again = replace(standing, tries=1, tried_size=len(standing.lot))
    assert round.needed(again, tiny.ROUNDS) == 10
    assert round.judge(tiny.course(), again, tiny.ROUNDS, "root", SECRET).tries == 1


def test_contributions_that_harmed_do_not_count(standing: Standing) -> None:
    harmful = tuple(replace(entry, value=-1.0) for entry in standing.lot)
    found = round.judge(tiny.course(), replace(standing, lot=harmful), tiny.ROUNDS, "root", SECRET)
    assert (found.kind, found.tries) == ("kept", 0)


def test_a_lot_that_teaches_nothing_is_kept_and_unpaid(standing: Standing) -> None:
    nothing = Samples(*(part[:0] for part in vars(standing.old).values()))
    empty = tuple(replace(entry, samples=nothing) for entry in standing.lot)
    found = round.judge(tiny.course(), replace(standing, lot=empty), tiny.ROUNDS, "root", SECRET)
    assert found.kind in ("kept", "control_promoted", "rolled_back")
    assert found.pool_micro == 0
    assert found.pooled == standing.pooled
    # Control and candidate saw the same data, so they are one policy.
    np.testing.assert_array_equal(found.gate_scores[1], found.gate_scores[2])


def test_a_promotion_that_loses_on_the_standing_starts_is_not_made(standing: Standing) -> None:
    proud = replace(standing, heldout=np.full_like(standing.heldout, 5.0))
    found = round.judge(tiny.course(), proud, tiny.ROUNDS, "root", SECRET)
    assert (found.kind, found.champion, found.pool_micro) == ("rolled_back", None, 0)


def scores(*means: float, starts: int = 16, spread: float = 0.1) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    base = rng.normal(0.5, 0.2, starts)
    return np.stack([base + mean + rng.normal(0, spread, starts) for mean in means])


CONFIG = GateConfig(block=16, most=64)


@pytest.mark.parametrize(
    ("means", "winner"),
    [
        ((0.0, 0.0, 1.0), "candidate"),
        ((0.0, 1.0, 0.0), "control"),
        ((0.0, 1.0, 0.9), "control"),
        ((0.0, 0.0, -1.0), None),
        ((0.0, -1.0, -1.0), None),
        ((0.0, -1.0, 0.0), None),
    ],
)
def test_a_candidate_must_beat_champion_and_control(
    means: tuple[float, float, float], winner: str | None
) -> None:
    assert round.decide(CONFIG, scores(*means, starts=64), 1) == (True, winner)


def test_the_gain_is_the_smaller_of_the_two() -> None:
    champion, control, candidate = np.zeros(8), np.full(8, 0.3), np.linspace(0.3, 0.5, 8)
    gain, variance = round.measured_gain(np.stack([champion, control, candidate]))
    assert gain == pytest.approx(0.1)
    assert variance == pytest.approx((candidate - control).var(ddof=1) / 8)


def test_starts_are_where_the_champion_fails_and_the_reference_survives(blank: Params) -> None:
    found = starts.failing(tiny.course(), SPEC, blank, jax.random.key(5), 4)
    assert 1 <= len(found) <= 4
    states = tiny.stacked(found)
    assert tiny.course().survives(tiny.task(), states)[: len(found)].all()
    again = starts.failing(tiny.course(), SPEC, blank, jax.random.key(5), 4)
    assert again == found
    assert starts.failing(tiny.course(), SPEC, blank, jax.random.key(6), 4) != found


def test_a_state_survives_its_json_form() -> None:
    plain = tiny.task().to_plain(jax.tree.map(lambda leaf: leaf[0], tiny.starts()))
    assert tiny.task().to_plain(tiny.task().from_plain(plain)) == plain


def test_the_gain_is_measured_on_other_starts_than_the_gates(outcome: Outcome) -> None:
    assert not np.array_equal(outcome.gate_scores[:, : tiny.ROWS], outcome.pay_scores)


def test_a_large_lot_is_learned_from_in_part() -> None:
    """Those that harmed are not drawn, and a few more contributions change the draw by no more than a few."""
    values = [(f"att_{n}", f"plr_{n % 7}", 2.0 if n % 7 else -2.0) for n in range(300)]
    few, more = (round.learned_from(values[:count], 100) for count in (290, 300))
    assert len(few) == len(more) == 100
    good = {name for name, _, value in values if value > 0.0}
    assert set(few) | set(more) <= good
    assert len(set(few) - set(more)) <= 10
    assert set(round.learned_from(values, 1000)) == good


def test_what_is_not_drawn_is_not_learned_from_and_still_has_its_share(standing: Standing) -> None:
    config = round.RoundConfig(training=replace(round.RoundConfig().training, steps=2, batch=4))
    half = tuple(
        entry if place % 2 else replace(entry, samples=None) for place, entry in enumerate(standing.lot)
    )
    key = jax.random.key(0)
    some = round.train(replace(standing, lot=half), config, True, (), key)
    same = round.train(replace(standing, lot=half[1::2]), config, True, (), key)
    assert all(np.array_equal(some[name], same[name]) for name in some)
    assert round.weights(half) == round.weights(standing.lot)
