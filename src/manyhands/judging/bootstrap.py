"""A campaign's first network: its architecture, its frozen eyes, and fresh hands."""

from jax import Array

from manyhands.judging.course import Course
from manyhands.policies import network, reference
from manyhands.policies.network import NetworkSpec, Params

ENCODER = "racer-camera-encoder"


def network_of(course: Course) -> tuple[NetworkSpec, Params]:
    """Architecture of the campaign's policies and the parameters that no training changes.

    A camera policy sees through an encoder that was trained to tell distances from pictures and has never seen
    anyone drive; only what comes after it learns from people.
    """
    if course.play.image is None:
        return NetworkSpec(vector=course.play.vector), {}
    eyes = reference.driver(ENCODER)
    frozen = {name: value for name, value in eyes.params.items() if name.startswith("encoder.")}
    return NetworkSpec(vector=course.play.vector, encoder=eyes.network.encoder), frozen


def fresh(spec: NetworkSpec, frozen: Params, key: Array) -> Params:
    """Untrained parameters behind the frozen ones."""
    return network.init(spec, key) | frozen
