"""A policy's file keeps its bytes, hence its content id, however the code that reads it grows."""

from __future__ import annotations

import json
from dataclasses import asdict
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
    with pytest.raises(PolicyFileError):
        files.parse(redescribed(data, {"encoder": asdict(layers) | wrong}))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"activation": "elu"}, "'elu' is none of relu, tanh"),
        ({"head": "beta"}, "'beta' is none of bins, choice, box, tanh"),
        ({"encoder": {"height": 16, "width": 24, "code": "elu"}}, "'elu' is none of relu, tanh"),
        ({"hidden": [8] * 16}, "17 layers are more than 16"),
        ({"vector": 0}, "below 1"),
        ({"vector": -1, "encoder": {"height": 16, "width": 24}}, "below 1"),
        ({"hidden": [0]}, "below 1"),
        ({"bins": [3, 0]}, "below 1"),
        ({"bins": []}, "below 1"),
        ({"head": "box", "actions": 0}, "below 1"),
        ({"encoder": {"height": 16, "width": 24, "depth": 0}}, "below 1"),
        ({"encoder": {"height": 16, "width": 24, "features": 0}}, "below 1"),
        ({"hidden": [10**30]}, "more than 8000000 parameters"),
    ],
)
def test_a_network_that_cannot_drive_is_refused(wrong: dict[str, object], said: str) -> None:
    spec = NetworkSpec(vector=3, hidden=(8,))
    data = files.dump(Policy("racer-v0", {"kind": "lidar"}, spec, network.init(spec, jax.random.key(0))))
    with pytest.raises(PolicyFileError, match=said):
        files.parse(redescribed(data, wrong))


def redescribed(data: bytes, network: dict[str, object]) -> bytes:
    """A policy's file with another description of its network, which its arrays may not fit."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    described = json.loads(header["__metadata__"]["policy"])
    described["network"] |= network
    header["__metadata__"]["policy"] = json.dumps(described)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]
