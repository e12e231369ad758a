"""Takeover learning: what control and candidate share, and that the same key teaches the same weights."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from manyhands.learners import takeover
from manyhands.learners.samples import Samples
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

SPEC = NetworkSpec(vector=4, hidden=(8,))
CONFIG = takeover.Config(steps=60, batch=32)
KEY = jax.random.key(3)


def samples(count: int, seed: int = 0) -> Samples:
    """Steering follows the first feature, throttle the second."""
    features = np.random.default_rng(seed).uniform(-1, 1, (count, 4)).astype(np.float32)
    return Samples(features, features[:, :2].copy(), np.ones(count, np.float32))


@pytest.fixture(scope="module")
def blank() -> Params:
    return network.init(SPEC, jax.random.key(0))


def same(first: Params, second: Params) -> bool:
    return all((np.asarray(first[name]) == np.asarray(second[name])).all() for name in first)


def test_with_an_empty_lot_control_and_candidate_are_equal(blank: Params) -> None:
    old = samples(100)
    none = Samples.concatenate([old], 4, 2)
    control = takeover.fit(SPEC, CONFIG, blank, none, len(old), KEY)
    candidate = takeover.fit(SPEC, CONFIG, blank, none, len(none), KEY)
    assert same(control, candidate)


def test_a_lot_of_weight_zero_teaches_nothing_but_shares_the_draws(blank: Params) -> None:
    old, lot = samples(100), samples(60, seed=1)
    both = Samples.concatenate([old, lot], 4, 2)
    control = takeover.fit(SPEC, CONFIG, blank, both, len(old), KEY)
    candidate = takeover.fit(SPEC, CONFIG, blank, both, len(both), KEY)
    assert not same(control, candidate)
    # What the control learned does not hang on what is in the lot, only on how much of it there is.
    other = Samples.concatenate([old, samples(60, seed=2)], 4, 2)
    assert same(control, takeover.fit(SPEC, CONFIG, blank, other, len(old), KEY))


def test_the_same_key_teaches_the_same_weights_and_another_does_not(blank: Params) -> None:
    data = samples(200)
    first = takeover.fit(SPEC, CONFIG, blank, data, len(data), KEY)
    assert same(first, takeover.fit(SPEC, CONFIG, blank, data, len(data), KEY))
    assert not same(first, takeover.fit(SPEC, CONFIG, blank, data, len(data), jax.random.key(4)))


def test_it_learns_what_was_done(blank: Params) -> None:
    data, fresh = samples(2000), samples(200, seed=9)
    config = takeover.Config(steps=600, batch=64)
    params = takeover.fit(SPEC, config, blank, data, len(data), KEY)
    act = jax.vmap(lambda row: network.act(SPEC, params, {"vector": row}))
    error = np.abs(np.asarray(act(fresh.features)) - fresh.labels)
    assert error.mean() < 0.5 * np.abs(fresh.labels).mean()


def test_nothing_to_learn_from_is_an_error(blank: Params) -> None:
    with pytest.raises(ValueError, match="no samples"):
        takeover.fit(SPEC, CONFIG, blank, samples(0), 0, KEY)


def test_samples_keep_their_order_and_empty_ones_their_width() -> None:
    first, second = samples(3), samples(2, seed=1)
    both = Samples.concatenate([first, second], 4, 2)
    assert (len(both), len(both.first(3))) == (5, 3)
    np.testing.assert_array_equal(both.first(3).features, first.features)
    empty = Samples.concatenate([], 4, 2)
    assert (empty.features.shape, empty.labels.shape, len(empty)) == ((0, 4), (0, 2), 0)
