"""Policies as ONNX graphs (opset 17), from their safetensors files; needs no JAX.

The graph maps `vector` (batch, inputs) float32 to `outputs` (batch, outputs) float32: the logits of all bins
of all axes one after another, or the action itself for the head `box`. How an action follows from logits is
in the metadata, which is that of the policy file.
"""

from __future__ import annotations

import json

import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load

from manyhands.errors import PolicyFileError

OPSET = 17
IR_VERSION = 9  # of ONNX 1.15: what runtimes of the last years read


def of_policy(data: bytes) -> bytes:
    """The ONNX file of a policy file.

    Raises:
        PolicyFileError: for a policy that sees pictures, which has no ONNX form yet.
    """
    length = int.from_bytes(data[:8], "little")
    text = json.loads(data[8 : 8 + length])["__metadata__"]["policy"]
    spec = json.loads(text)["network"]
    if spec["encoder"] is not None:
        raise PolicyFileError(
            "A policy that sees pictures has no ONNX form.",
            field="policy",
            remedy="Take the safetensors file.",
        )
    arrays = load(data)
    activation = {"relu": "Relu", "tanh": "Tanh"}[spec["activation"]]
    nodes, layer = [], "vector"
    for index in range(len(spec["hidden"])):
        name = f"hidden.{index}"
        nodes.append(helper.make_node("Gemm", [layer, f"{name}.w", f"{name}.b"], [f"{name}.sum"]))
        nodes.append(helper.make_node(activation, [f"{name}.sum"], [name]))
        layer = name
    nodes.append(helper.make_node("Gemm", [layer, "head.w", "head.b"], ["outputs"]))
    outputs = arrays["head.b"].shape[0]
    graph = helper.make_graph(
        nodes,
        "policy",
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", spec["vector"]])],
        [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["batch", outputs])],
        [numpy_helper.from_array(value, name) for name, value in sorted(arrays.items())],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="manyhands"
    )
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {"policy": text})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
