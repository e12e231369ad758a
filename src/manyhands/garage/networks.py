"""Networks of the garage: small ones of our own, and the layers of DeepRacer's.

DeepRacer's have no dropout and no batch normalisation here, which its largest has: a policy that drives is
one function of what it sees, in Python as in the page. Beside the picture all are told speed, steering and
yaw rate.
"""

from typing import Any, Literal

from manyhands.envs.racer import task
from manyhands.envs.racer.actions import ActionSpace, Choices
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.errors import InputError
from manyhands.garage.hyperparameters import Algorithm, continuous_only
from manyhands.garage.metadata import Network
from manyhands.policies.network import Encoder, NetworkSpec

_HIDDEN: dict[Network, tuple[int, ...]] = {
    "shallow": (64, 64),
    "deep": (128, 128, 64),
    "deepracer-shallow": (),
    "deepracer-deep": (),
    "deepracer-deep-deep": (512, 256, 128),
}


def spec_of(
    sensor: Lidar | Camera, space: ActionSpace, network: Network, algorithm: Algorithm = "ppo"
) -> NetworkSpec:
    """Network of a sensor and an action space.

    Raises InputError where the algorithm takes no list of actions or the network no such sensor.
    """
    if algorithm == "sac" and isinstance(space, Choices):
        raise continuous_only()
    head = head_of(space, "tanh" if algorithm == "sac" else "box")
    encoder = _encoder(sensor, network) if isinstance(sensor, Camera) else None
    if encoder is None and network.startswith("deepracer"):
        raise InputError(
            f"The network {network} reads pictures.",
            field="network",
            remedy="Choose a camera, or shallow or deep.",
        )
    vector, hidden = task.vector_of(sensor), _HIDDEN[network]
    return NetworkSpec(vector, hidden, _activation(network), encoder=encoder, **head)


def head_of(space: ActionSpace, ranges: Literal["box", "tanh"]) -> dict[str, Any]:
    """Fields of a network's architecture that an action space determines; `ranges`: how it ends for those."""
    if isinstance(space, Choices):
        return {"head": "choice", "bins": (len(space.actions),), "actions": 1}
    return {"head": ranges, "actions": 2}


def _activation(network: Network) -> Literal["relu", "tanh"]:
    return "relu" if network == "deepracer-deep-deep" else "tanh"


def _encoder(sensor: Camera, network: Network) -> Encoder:
    """Eyes of a network. Raises InputError where the picture is too small for its layers."""
    own = (sensor.height, sensor.width)
    depth = task.depth_of(sensor)
    match network:
        case "shallow":
            return Encoder(*own, (4, 2), (24, 48), depth=depth)
        case "deep":
            return Encoder(*own, (4, 2, 2), (24, 48, 64), depth=depth)
        case "deepracer-shallow":
            encoder = Encoder(*own, (8, 4, 3), (32, 64, 64), 512, (4, 2, 1), depth, "relu", "relu")
        case "deepracer-deep":
            encoder = Encoder(*own, (5, 3, 3, 3), (32, 32, 64, 64), 64, (2, 1, 2, 1), depth, "tanh", "tanh")
        case "deepracer-deep-deep":
            encoder = Encoder(*own, (8, 4, 4, 3), (32, 32, 64, 64), 512, (4, 2, 2, 1), depth, "relu", "relu")
    try:
        encoder.sizes()
    except ValueError as fault:
        raise InputError(
            f"The picture is too small for the network {network}: {fault}.",
            field="network",
            remedy="Choose a larger picture, or shallow.",
        ) from fault
    return encoder
