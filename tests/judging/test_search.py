"""The search for a player whose contributions spoil a lot that keeps failing."""

from typing import Any

import jax
import numpy as np
import pytest

from manyhands.judging import round as rounds
from manyhands.judging.payout import Pooled
from manyhands.judging.round import Entry, RoundConfig, Standing
from manyhands.learners import takeover
from manyhands.learners.samples import Samples
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec

SPEC = NetworkSpec(vector=3, hidden=(4,))
CONFIG = RoundConfig(training=takeover.Config(steps=2, batch=4))


class Track:
    """Stands in for a course: the n-th candidate beats the first by `gains[n - 1]`, with some spread."""

    def __init__(self, gains: list[float]) -> None:
        self.gains = gains

    def gate_scores(self, _spec: Any, policies: list[Any], _key: Any, count: int) -> np.ndarray:
        assert len(policies) == 1 + len(self.gains)
        base = np.random.default_rng(0).normal(0.5, 0.1, count)
        wobble = np.random.default_rng(1).normal(0.0, 0.05, (len(self.gains), count))
        return np.vstack([base, base + np.array(self.gains)[:, None] + wobble])


@pytest.fixture
def standing() -> Standing:
    rng = np.random.default_rng(2)

    def samples() -> Samples:
        draw = rng.normal(size=(6, 5)).astype(np.float32)
        return Samples(draw[:, :3], np.tanh(draw[:, 3:]), np.ones(6, np.float32))

    values = {"anna": 3.0, "bert": 2.0, "carl": 1.2, "dora": 0.9, "emil": -1.0}
    lot = tuple(Entry(f"att-{name}", name, value, samples()) for name, value in values.items())
    champion = network.init(SPEC, jax.random.key(0))
    return Standing(SPEC, champion, np.zeros(4), samples(), lot, 2, 4, Pooled(), 1000, 0.2, 1.0)


def test_leaves_out_who_spoils_the_lot(standing: Standing) -> None:
    found = rounds.search(Track([0.0, 0.1, 0.02]), standing, CONFIG, "root", "00")  # type: ignore[arg-type]
    assert found == ("bert",)


def test_leaves_nobody_out_for_chance(standing: Standing) -> None:
    found = rounds.search(Track([0.0, -0.1, 0.001]), standing, CONFIG, "root", "00")  # type: ignore[arg-type]
    assert found == ()


def test_who_is_left_out_is_neither_learned_from_nor_paid(standing: Standing) -> None:
    learned = {entry.player for entry in rounds.useful(standing.lot, ("bert",))}
    assert learned == {"anna", "carl", "dora"}
    assert rounds.weights(standing.lot, ("bert",))[1] == 0.0


def test_a_lone_player_is_never_left_out(standing: Standing) -> None:
    alone = Standing(**(vars(standing) | {"lot": standing.lot[:1]}))
    assert rounds.search(Track([]), alone, CONFIG, "root", "00") == ()  # type: ignore[arg-type]
