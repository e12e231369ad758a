"""Policy files: safetensors with the architecture in their metadata, and their content ids.

One file says everything that is needed to run it: arrays, network, sensor and environment. The reader builds
nothing but arrays of known names and shapes, so a file from a stranger can at worst drive badly.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, get_args

import jax
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from manyhands.errors import PolicyFileError
from manyhands.policies import network
from manyhands.policies.network import Activation, Encoder, Head, NetworkSpec, Params

MAX_PARAMETERS = 8_000_000


@dataclass(frozen=True)
class Policy:
    """A network's weights with what they need to be run.

    environment: versioned id; sensor: its JSON form; network: the architecture; params: float32 arrays;
    action_space: JSON form of what the network chooses from (see `envs.racer.actions`), where that is not the
    environment's own.
    """

    environment: str
    sensor: dict[str, Any]
    network: NetworkSpec
    params: Params
    action_space: Any = None


def dump(policy: Policy) -> bytes:
    """The policy's file; equal policies give equal bytes."""
    description = {
        "environment": policy.environment,
        "sensor": policy.sensor,
        "network": _plain(policy.network),
    }
    if policy.action_space is not None:
        description["action_space"] = policy.action_space
    arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in sorted(policy.params.items())}
    return save(arrays, metadata={"policy": json.dumps(description, sort_keys=True)})


def parse(data: bytes) -> Policy:
    """Read a policy file. Raises PolicyFileError naming what is wrong with it."""
    try:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        description = json.loads(header["__metadata__"]["policy"])
        spec = _network(description["network"])
        arrays = load(data)
        expected = jax.eval_shape(lambda: network.init(spec, jax.random.key(0)))
    except (KeyError, TypeError, ValueError, SafetensorError) as fault:
        raise PolicyFileError(f"This is no policy file: {fault}.", field="policy") from fault
    if sum(int(np.prod(shape.shape)) for shape in expected.values()) > MAX_PARAMETERS:
        raise PolicyFileError(f"The policy has more than {MAX_PARAMETERS} parameters.", field="policy")
    found = {name: value.shape for name, value in arrays.items()}
    wanted = {name: shape.shape for name, shape in expected.items()}
    if found != wanted:
        wrong = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise PolicyFileError(f"Arrays {', '.join(wrong)} do not fit the described network.", field="policy")
    for name, value in arrays.items():
        if value.dtype != np.float32 or not np.isfinite(value).all():
            raise PolicyFileError(f"Array {name} is not finite float32.", field="policy")
    params = {name: jax.numpy.asarray(value) for name, value in arrays.items()}
    return Policy(
        description["environment"], description["sensor"], spec, params, description.get("action_space")
    )


# Not written where they are as in a file of before there was a choice: equal policies have equal bytes.
_LATER = {"strides": None, "depth": 1, "activation": "relu", "code": "tanh"}


def _plain(spec: NetworkSpec) -> dict[str, Any]:
    plain = asdict(spec)
    if spec.encoder:
        encoder = plain["encoder"].items()
        plain["encoder"] = {
            name: value for name, value in encoder if name not in _LATER or value != _LATER[name]
        }
    return plain


def _network(plain: dict[str, Any]) -> NetworkSpec:
    """Raises KeyError, TypeError and ValueError for what describes no network."""
    encoder = plain["encoder"]
    if encoder is not None:
        lists = {name: tuple(encoder[name]) for name in ("patches", "channels", "strides") if name in encoder}
        encoder = Encoder(**encoder | lists)
        encoder.sizes()
    spec = NetworkSpec(
        **plain | {"hidden": tuple(plain["hidden"]), "bins": tuple(plain["bins"]), "encoder": encoder}
    )
    _check(spec)
    return spec


def _check(spec: NetworkSpec) -> None:
    """Raises ValueError for names that mean nothing, too many layers, and sizes that leave a layer empty."""
    names: list[tuple[str, Any]] = [(spec.activation, Activation), (spec.head, Head)]
    sizes = [spec.features, spec.outputs, *spec.hidden, *spec.bins]
    layers = len(spec.hidden) + 1
    if spec.encoder:
        names += [(spec.encoder.activation, Activation), (spec.encoder.code, Activation)]
        sizes += [spec.encoder.depth, spec.encoder.features]
        layers += len(spec.encoder.patches) + 1
    for name, known in names:
        if name not in get_args(known):
            raise ValueError(f"{name!r} is none of {', '.join(get_args(known))}")
    if layers > network.MOST_LAYERS:
        raise ValueError(f"its {layers} layers are more than {network.MOST_LAYERS}")
    if spec.vector < 0 or min(sizes) < 1:
        raise ValueError("a size of the network is below 1")
