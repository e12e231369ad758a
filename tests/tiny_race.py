"""A policy that drives, one that does not, and races for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from manyhands.envs.racer.actions import Choices
from manyhands.envs.racer.sensors import Lidar
from manyhands.envs.racer.task import plain_sensor
from manyhands.garage import networks
from manyhands.garage.api import RaceRules
from manyhands.league import api as league
from manyhands.policies.files import Policy, dump
from manyhands.types import Json, Micros

TRACK = "kidney"
SPACE = Choices(((-30.0, 1.0), (0.0, 1.0), (30.0, 1.0)))
RULES = RaceRules(laps=1, consecutive=1, limit_s=120)
OPENS = Micros(1_000_000)
HOUR_US = 3_600_000_000


def steering(gain: float, straight: float = 0.02) -> bytes:
    """The file of a policy that turns to where the outer of 8 beams see further, the stronger the larger."""
    spec = replace(networks.spec_of(Lidar(beams=8), SPACE, "shallow"), hidden=())
    weights = np.zeros((spec.vector, 3), np.float32)
    weights[:4, 0] = weights[4:8, 2] = gain
    params = {"head.w": weights, "head.b": np.array([0.0, straight, 0.0], np.float32)}
    return dump(Policy("racer-v0", plain_sensor(Lidar(beams=8)), spec, params, SPACE.plain))


def race_order(**changes: object) -> league.RaceOrder:
    """A race of a lap that is open for an hour."""
    plain: Json = {
        "idempotency_key": "race-key",
        "name": "First light",
        "season": "2026 autumn",
        "division": "Open",
        "track": TRACK,
        "direction": "forward",
        "rules": RULES,
        "ranking": "total_time",
        "opens_us": OPENS,
        "closes_us": OPENS + HOUR_US,
    }
    return league.RaceOrder(**plain | changes)
