"""A run's terms, as the wire and the command line give them, as an order that can be trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from manyhands.envs.racer import actions, race_types, tracks
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.task import parse_sensor
from manyhands.errors import InputError
from manyhands.garage import driving, hyperparameters
from manyhands.garage.race_rules import DEFAULT_RULES, RaceRules
from manyhands.garage.training import Order
from manyhands.types import Json

_DIRECTIONS = ("forward", "reverse")
_NETWORKS: dict[str, Literal["shallow", "deep"]] = {"shallow": "shallow", "deep": "deep"}


def order_of(terms: Json, folder: Path | None) -> Order:
    """What is to be trained.

    terms: track, direction, sensor, network, action_space, hyperparameters and seed, as in `runs.RunOrder`,
    and race where it is no time trial.
    folder: of imported tracks.

    Raises:
        InputError, NotFoundError, TrackError: naming the field that does not fit.
    """
    for name, allowed in (("direction", _DIRECTIONS), ("network", tuple(_NETWORKS))):
        if terms[name] not in allowed:
            raise InputError(
                f"There is no {name} {terms[name]!r}.", field=name, remedy=f"Use {' or '.join(allowed)}."
            )
    return Order(
        track=tracks.named(terms["track"], folder),
        space=actions.parse(terms["action_space"]),
        sensor=sensor_of(terms["sensor"]),
        hyper=hyperparameters.parse(terms["hyperparameters"]),
        reversed=terms["direction"] == "reverse",
        network=_NETWORKS[terms["network"]],
        seed=terms["seed"],
        race=race_types.parse(terms.get("race")),
    )


def rules_of(order: Order) -> RaceRules:
    """The rules by which what an order made is raced: the defaults, among what it was trained among."""
    return replace(DEFAULT_RULES, race=order.race, seed=order.seed)


def sensor_of(text: str) -> Lidar | Camera:
    """The sensor of its short form: lidar, camera, or camera-WIDTHxHEIGHT. Raises InputError for others."""
    kind, _, size = text.partition("-")
    if text == "lidar":
        return driving.lidar()
    width, by, height = size.partition("x")
    if kind != "camera" or (size and not (by and width.isdecimal() and height.isdecimal())):
        raise InputError(
            f"There is no sensor {text!r}.", field="sensor", remedy="Use lidar, camera or camera-160x120."
        )
    return parse_sensor({"kind": "camera", **({"width": int(width), "height": int(height)} if size else {})})
