"""A policy's file keeps its bytes, hence its content id, however the code that reads it grows."""

from __future__ import annotations

from importlib import resources

import jax.numpy as jnp
import pytest

from manyhands.policies import files, network, reference
from manyhands.policies.network import NetworkSpec


@pytest.mark.parametrize("name", reference.names())
def test_a_packaged_policy_is_written_as_it_was_read(name: str) -> None:
    folder = resources.files("manyhands.policies") / "weights"
    data = (folder / f"{name}.safetensors").read_bytes()
    assert files.dump(files.parse(data)) == data


def test_a_choice_is_never_between_two_actions() -> None:
    """Left and straight in nearly equal measure are half a turn by bins, and left by choice."""
    outputs = jnp.array([1.0, 0.99, -4.0])
    bins = NetworkSpec(vector=2, bins=(3,), actions=1)
    choice = NetworkSpec(vector=2, head="choice", bins=(3,), actions=1)
    assert network.decide(bins, outputs)[0] == pytest.approx(-0.5025, abs=1e-3)
    assert network.decide(choice, outputs).tolist() == [-1.0]
    assert choice.outputs == bins.outputs == 3
