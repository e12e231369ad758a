"""The ONNX graph of a policy says what the policy says."""

from __future__ import annotations

import json

import jax
import numpy as np
import onnx
import onnx.reference
import pytest

from manyhands.errors import PolicyFileError
from manyhands.policies import files, network, onnx_form
from manyhands.policies.files import Policy
from manyhands.policies.network import Encoder, NetworkSpec

PATCHES = Encoder(15, 22, (4, 2), (5, 6), 7)
LAYERS = Encoder(15, 22, (5, 3), (4, 6), 8, strides=(2, 1), depth=2, activation="tanh", code="relu")
SPECS = {
    "bins": NetworkSpec(vector=6, hidden=(12, 8)),
    "tanh": NetworkSpec(vector=6, hidden=(12,), activation="tanh", head="tanh"),
    "patches": NetworkSpec(vector=3, hidden=(9,), encoder=PATCHES),
    "convolutions": NetworkSpec(vector=3, hidden=(), head="choice", bins=(4,), actions=1, encoder=LAYERS),
}


def test_another_file_is_refused() -> None:
    with pytest.raises(PolicyFileError, match="no policy file"):
        onnx_form.of_policy(b"\x02\0\0\0\0\0\0\0{}")


@pytest.mark.parametrize("name", SPECS)
def test_the_graph_says_what_the_policy_says(name: str) -> None:
    spec = SPECS[name]
    params = network.init(spec, jax.random.key(3))
    params |= {key: value + 0.1 for key, value in params.items() if key.endswith(".b")}
    model = onnx.load_from_string(
        onnx_form.of_policy(files.dump(Policy("racer-v0", {"kind": "lidar"}, spec, params)))
    )
    rng = np.random.default_rng(0)
    given = {"vector": rng.normal(size=(5, spec.vector)).astype(np.float32)}
    if spec.encoder:
        shape = (5, spec.encoder.height, spec.encoder.width, spec.encoder.depth)
        given["image"] = rng.integers(0, 256, shape).astype(np.uint8)
    [said] = onnx.reference.ReferenceEvaluator(model).run(None, given)
    expected = jax.vmap(lambda seen: network.head(spec, params, network.encode(spec, params, seen)))(given)
    np.testing.assert_allclose(said, expected, atol=1e-5)
    [described] = [entry.value for entry in model.metadata_props if entry.key == "policy"]
    assert json.loads(described)["network"]["head"] == spec.head
