"""The networks of all policies: an optional frozen picture encoder, a perceptron, one of the heads.

Parameters are a flat dict of arrays, so `vmap`, safetensors and the TypeScript twin read them as they are:
`encoder.N.w`, `encoder.N.b`, `hidden.N.w`, `hidden.N.b`, `head.w`, `head.b`; weights are (inputs, outputs).

An observation is a dict with `vector` (float32) and, for cameras, `image` uint8: (height, width), or
(height, width, depth) where a pixel has several values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array

Params = dict[str, Array]
Observation = dict[str, Array]
Activation = Literal["relu", "tanh"]
Head = Literal["bins", "choice", "box", "tanh"]
MOST_LAYERS = 16  # of encoder, perceptron and head together


@dataclass(frozen=True)
class Encoder:
    """Layers of patches, each a matrix product, then one dense layer of `features` outputs.

    height, width: of the picture; patches: edge length of the patches of each layer in units of the layer
    below; channels: outputs of each layer. strides: from one patch of a layer to the next; None where patches
    lie side by side. With strides a layer is a convolution without padding. depth: values of a pixel.
    activation, code: of the layers, of the dense one.
    """

    height: int
    width: int
    patches: tuple[int, ...] = (4, 2)
    channels: tuple[int, ...] = (24, 48)
    features: int = 64
    strides: tuple[int, ...] | None = None
    depth: int = 1
    activation: Activation = "relu"
    code: Activation = "tanh"

    def sizes(self) -> list[tuple[int, int, int]]:
        """Rows, columns and channels of picture and layers. Raises ValueError where one is empty."""
        found = [(self.height, self.width, self.depth)]
        for patch, stride, channels in zip(
            self.patches, self.strides or self.patches, self.channels, strict=True
        ):
            rows, columns, _ = found[-1]
            if min(patch, stride, channels) < 1 or min(rows, columns) < patch:
                raise ValueError(f"patches of {patch} with strides of {stride} do not fit {rows} x {columns}")
            found.append(((rows - patch) // stride + 1, (columns - patch) // stride + 1, channels))
        return found


_ACTIVATIONS: dict[Activation, Callable[[Array], Array]] = {"relu": jax.nn.relu, "tanh": jnp.tanh}


@dataclass(frozen=True)
class NetworkSpec:
    """Architecture of a policy; written into every policy file.

    vector: length of the observation's vector part. head: `bins` and `choice` give each action axis a
    categorical distribution over evenly spaced values (people avoid an obstacle left or right, and a mean of
    both hits it), for axes with values between them and for a few actions that have none; `box` gives the
    action itself, `tanh` what becomes it under a hyperbolic tangent.
    """

    vector: int
    hidden: tuple[int, ...] = (96, 96)
    activation: Activation = "relu"
    head: Head = "bins"
    bins: tuple[int, ...] = (15, 7)
    actions: int = 2
    encoder: Encoder | None = None

    @property
    def features(self) -> int:
        """Length of what the first hidden layer reads."""
        return self.vector + (self.encoder.features if self.encoder else 0)

    @property
    def outputs(self) -> int:
        """Length of the head's output."""
        return self.actions if self.head in ("box", "tanh") else sum(self.bins)


def _dense(key: Array, inputs: int, outputs: int, gain: float) -> tuple[Array, Array]:
    weights = jax.random.normal(key, (inputs, outputs)) * (gain / inputs**0.5)
    return weights, jnp.zeros(outputs)


def init(spec: NetworkSpec, key: Array) -> Params:
    """Fresh parameters: He scaling for hidden layers, a small head."""
    params: Params = {}
    keys = iter(jax.random.split(key, MOST_LAYERS))
    if spec.encoder:
        sizes = spec.encoder.sizes()
        for index, patch in enumerate(spec.encoder.patches):
            inputs, channels = patch * patch * sizes[index][2], sizes[index + 1][2]
            params[f"encoder.{index}.w"], params[f"encoder.{index}.b"] = _dense(
                next(keys), inputs, channels, 1.4
            )
        last = len(spec.encoder.patches)
        rows, columns, depth = sizes[last]
        dense = _dense(next(keys), rows * columns * depth, spec.encoder.features, 1.0)
        params[f"encoder.{last}.w"], params[f"encoder.{last}.b"] = dense
    inputs = spec.features
    for index, width in enumerate(spec.hidden):
        params[f"hidden.{index}.w"], params[f"hidden.{index}.b"] = _dense(next(keys), inputs, width, 1.4)
        inputs = width
    params["head.w"], params["head.b"] = _dense(next(keys), inputs, spec.outputs, 0.1)
    return params


def patchify(image: Array, patch: int) -> Array:
    """(H, W, C) to (H / patch, W / patch, patch * patch * C), row-major inside a patch; a rest is cut off."""
    height, width, depth = image.shape
    rows, columns = height // patch, width // patch
    cut = image[: rows * patch, : columns * patch]
    tiles = cut.reshape(rows, patch, columns, patch, depth).transpose(0, 2, 1, 3, 4)
    return tiles.reshape(rows, columns, patch * patch * depth)


def convolve(image: Array, weights: Array, patch: int, stride: int) -> Array:
    """(H, W, C) with weights (patch * patch * C, outputs) in the order of `patchify`, without padding."""
    kernel = weights.reshape(patch, patch, image.shape[-1], -1)
    names = ("NHWC", "HWIO", "NHWC")
    found: Array = jax.lax.conv_general_dilated(
        image[None], kernel, (stride, stride), "VALID", dimension_numbers=names
    )
    return found[0]


def encode(spec: NetworkSpec, params: Params, observation: Observation) -> Array:
    """What the hidden layers read, (features,) float32: encoded picture, then the vector part."""
    if spec.encoder is None:
        return observation["vector"]
    encoder = spec.encoder
    layer = observation["image"].astype(jnp.float32).reshape(encoder.sizes()[0]) * (1.0 / 255.0) - 0.5
    for index, patch in enumerate(encoder.patches):
        weights, bias = params[f"encoder.{index}.w"], params[f"encoder.{index}.b"]
        if encoder.strides is None:
            layer = patchify(layer, patch) @ weights + bias
        else:
            layer = convolve(layer, weights, patch, encoder.strides[index]) + bias
        layer = _ACTIVATIONS[encoder.activation](layer)
    last = len(encoder.patches)
    dense = layer.reshape(-1) @ params[f"encoder.{last}.w"] + params[f"encoder.{last}.b"]
    return jnp.concatenate([_ACTIVATIONS[encoder.code](dense), observation["vector"]])


def head(spec: NetworkSpec, params: Params, features: Array) -> Array:
    """Head outputs (..., outputs) from features (..., features): logits of all bins, or the action."""
    activate = _ACTIVATIONS[spec.activation]
    layer = features
    for index in range(len(spec.hidden)):
        layer = activate(layer @ params[f"hidden.{index}.w"] + params[f"hidden.{index}.b"])
    return layer @ params["head.w"] + params["head.b"]


def bin_values(count: int) -> Array:
    """Action values of the bins of one axis."""
    return jnp.linspace(-1.0, 1.0, count)


def decide(spec: NetworkSpec, outputs: Array) -> Array:
    """Action (actions,) in [-1, 1] from head outputs (outputs,).

    With bins: the mean of the best bin and its two neighbours under the softmax, per axis, which is as fine
    as a continuous action and still never averages two ways around an obstacle. With a choice: the best.
    """
    if spec.head == "box":
        return jnp.clip(outputs, -1.0, 1.0)
    if spec.head == "tanh":
        return jnp.tanh(outputs)
    reach = 0 if spec.head == "choice" else 1
    axes, offset = [], 0
    for count in spec.bins:
        logits = outputs[offset : offset + count]
        offset += count
        best = jnp.argmax(logits)
        near = jnp.abs(jnp.arange(count) - best) <= reach
        weight = jnp.where(near, jnp.exp(logits - logits[best]), 0.0)
        axes.append((weight * bin_values(count)).sum() / weight.sum())
    return jnp.stack(axes)


def act(spec: NetworkSpec, params: Params, observation: Observation) -> Array:
    """Greedy action (actions,) float32 in [-1, 1] for one observation."""
    return decide(spec, head(spec, params, encode(spec, params, observation)))
