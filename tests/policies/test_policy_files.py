"""A policy's file keeps its bytes, hence its content id, however the code that reads it grows."""

from __future__ import annotations

import json
from importlib import resources

import jax
import jax.numpy as jnp
import pytest

from manyhands.errors import PolicyFileError
from manyhands.policies import files, network, reference
from manyhands.policies.files import Policy
from manyhands.policies.network import Encoder, NetworkSpec


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


@pytest.mark.parametrize(
    "wrong",
    [{"strides": [0, 1]}, {"patches": [0, 3]}, {"patches": [5]}, {"patches": [50, 3]}, {"depth": "x"}],
)
def test_layers_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    layers = Encoder(16, 24, (5, 3), (4, 6), 8, strides=(2, 1), depth=2, activation="tanh", code="relu")
    spec = NetworkSpec(vector=3, hidden=(), encoder=layers)
    data = files.dump(Policy("racer-v0", {"kind": "stereo"}, spec, network.init(spec, jax.random.key(0))))
    assert files.parse(data).network == spec
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    described = json.loads(header["__metadata__"]["policy"])
    described["network"]["encoder"] |= wrong
    header["__metadata__"]["policy"] = json.dumps(described)
    text = json.dumps(header).encode()
    with pytest.raises(PolicyFileError):
        files.parse(len(text).to_bytes(8, "little") + text + data[8 + length :])
