"""A run's terms, as the wire and the command line give them, as an order that can be trained."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from manyhands.envs.racer import actions, race_types, tracks
from manyhands.envs.racer.sensors import Camera, Lidar
from manyhands.envs.racer.task import parse_sensor
from manyhands.errors import InputError
from manyhands.garage import driving, hyperparameters, runs
from manyhands.garage.metadata import NETWORKS, Network
from manyhands.garage.race_rules import DEFAULT_RULES, RaceRules, is_reverse
from manyhands.garage.training import Order
from manyhands.types import Json

_NETWORKS: dict[str, Network] = {name: name for name in NETWORKS}
_SENSORS = "Use lidar, sector-lidar, sector-lidar-8x4, camera-160x120 or stereo-160x120; sizes may differ."
_LEVEL_M = 0.5  # width of a band of a sector lidar


def order_of(terms: Json, folder: Path | None) -> Order:
    """What is to be trained.

    terms: track, direction, sensor, network, action_space, algorithm, hyperparameters and seed, as in
    `runs.RunOrder`, and race where it is no time trial.
    folder: of imported tracks.

    Raises:
        InputError, NotFoundError, TrackError: naming the field that does not fit.
    """
    if terms["network"] not in _NETWORKS:
        raise InputError(
            f"There is no network {terms['network']!r}.",
            field="network",
            remedy=f"Use {', '.join(_NETWORKS)}.",
        )
    return Order(
        track=tracks.named(terms["track"], folder),
        space=actions.parse(terms["action_space"]),
        sensor=sensor_of(terms["sensor"]),
        hyper=hyperparameters.parse(terms["hyperparameters"], runs.algorithm_of(terms)),
        reversed=is_reverse(terms["direction"]),
        network=_NETWORKS[terms["network"]],
        seed=terms["seed"],
        race=race_types.parse(terms.get("race"), race_types.TRAINED),
    )


def rules_of(order: Order) -> RaceRules:
    """The rules by which what an order made is raced: the defaults, among what it was trained among."""
    return replace(DEFAULT_RULES, race=order.race, seed=order.seed)


def sensor_of(text: str) -> Lidar | Camera:
    """The sensor of its short form, as in `metadata.SENSORS`; sizes may differ, and may be left out.

    A size is WIDTHxHEIGHT of a picture, or SECTORSxLEVELS of a sector lidar, whose levels are half a metre
    wide. Raises InputError for what is none.
    """
    found = re.fullmatch(r"(lidar|sector-lidar|camera|stereo)(?:-(\d+)x(\d+))?", text)
    if found is None or (found[1] == "lidar" and found[2]):
        raise InputError(f"There is no sensor {text!r}.", field="sensor", remedy=_SENSORS)
    if found[1] == "lidar":
        return driving.lidar()
    sizes: dict[str, float] = {}
    if found[2]:
        first, second = int(found[2]), int(found[3])
        sizes = {"width": first, "height": second}
        if found[1] == "sector-lidar":
            sizes = {"sectors": first, "levels": second, "within_m": _LEVEL_M * second}
    return parse_sensor({"kind": found[1], **sizes})
