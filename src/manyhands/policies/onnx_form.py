"""Policies as ONNX graphs (opset 17), from their safetensors files; needs no JAX.

The graph maps `vector` (batch, inputs) float32, and for cameras `image` (batch, height, width, depth) uint8,
to `outputs` (batch, outputs) float32: the logits of all bins of all axes one after another, or the action
itself for the heads `box` and `tanh`, before its clip and its tangent. How an action follows from them is in
the metadata, which is that of the policy file.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors import SafetensorError
from safetensors.numpy import load

from manyhands.errors import PolicyFileError

OPSET = 17
IR_VERSION = 9  # of ONNX 1.15: what runtimes of the last years read
_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh"}

Arrays = dict[str, NDArray[Any]]


class _Graph:
    """Nodes one after the other, with the arrays that they read."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.nodes: list[onnx.NodeProto] = []

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Append a node and return its output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def dense(self, layer: str, name: str, activation: str | None) -> str:
        """A matrix product with a bias, and its activation, if any."""
        done = self.add("Gemm", [layer, f"{name}.w", f"{name}.b"], f"{name}.sum" if activation else "outputs")
        return self.add(_ACTIVATIONS[activation], [done], name) if activation else done


def of_policy(data: bytes) -> bytes:
    """The ONNX file of a policy file. Raises PolicyFileError for other files."""
    try:
        length = int.from_bytes(data[:8], "little")
        text = json.loads(data[8 : 8 + length])["__metadata__"]["policy"]
        spec = json.loads(text)["network"]
        graph, encoder = _Graph(load(data)), spec["encoder"]
    except (KeyError, TypeError, ValueError, SafetensorError) as fault:
        raise PolicyFileError(f"This is no policy file: {fault}.", field="policy") from fault
    inputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", spec["vector"]])]
    layer = "vector"
    if encoder is not None:
        shape = ["batch", encoder["height"], encoder["width"], encoder.get("depth", 1)]
        inputs.append(helper.make_tensor_value_info("image", TensorProto.UINT8, shape))
        layer = graph.add("Concat", [_encode(graph, encoder), "vector"], "features", axis=1)
    for index in range(len(spec["hidden"])):
        layer = graph.dense(layer, f"hidden.{index}", spec["activation"])
    graph.dense(layer, "head", None)
    outputs = graph.arrays["head.b"].shape[0]
    made = helper.make_graph(
        graph.nodes,
        "policy",
        inputs,
        [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["batch", outputs])],
        [numpy_helper.from_array(value, name) for name, value in sorted(graph.arrays.items())],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="manyhands")
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {"policy": text})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _encode(graph: _Graph, encoder: dict[str, Any]) -> str:
    """Layers of patches as convolutions, whose weights take the place of the matrices."""
    depth = encoder.get("depth", 1)
    graph.arrays |= {"scale": np.array(1.0 / 255.0, np.float32), "middle": np.array(0.5, np.float32)}
    layer = graph.add("Cast", ["image"], "image.float", to=TensorProto.FLOAT)
    layer = graph.add("Mul", [layer, "scale"], "image.scaled")
    layer = graph.add("Sub", [layer, "middle"], "image.centred")
    layer = graph.add("Transpose", [layer], "image.planes", perm=[0, 3, 1, 2])
    strides = encoder.get("strides") or encoder["patches"]
    for index, (patch, stride) in enumerate(zip(encoder["patches"], strides, strict=True)):
        name = f"encoder.{index}"
        kernel = graph.arrays[f"{name}.w"].reshape(patch, patch, depth, -1)
        depth = kernel.shape[-1]
        graph.arrays[f"{name}.w"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        read = [layer, f"{name}.w", f"{name}.b"]
        done = graph.add("Conv", read, f"{name}.sum", kernel_shape=[patch] * 2, strides=[stride] * 2)
        layer = graph.add(_ACTIVATIONS[encoder.get("activation", "relu")], [done], name)
    layer = graph.add("Transpose", [layer], "code.rows", perm=[0, 2, 3, 1])
    layer = graph.add("Flatten", [layer], "code.flat", axis=1)
    return graph.dense(layer, f"encoder.{len(encoder['patches'])}", encoder.get("code", "tanh"))
