"""A scripted drive: cars that weave along a road, for tests of params and rewards."""

from __future__ import annotations

import numpy as np

from manyhands.envs.racer import tracks
from manyhands.envs.racer.tracks import Track
from manyhands.garage.params import Trace

METRES_A_TICK = 0.13
EPISODE = 40


def drive(track: Track, ticks: int, cars: int, *, backwards: bool = False, boxes: int = 0) -> Trace:
    """Cars spread along the road; every 40 ticks each begins a new episode, after being off the road."""
    road = tracks.turned(track) if backwards else track
    rng = np.random.default_rng([ticks, cars])
    tick = np.arange(ticks)[:, None]
    step = np.broadcast_to(tick % EPISODE + 1, (ticks, cars))
    first = rng.uniform(0.0, len(road.centre), cars)
    at = (first + tick * METRES_A_TICK / road.spacing_m) % len(road.centre)
    index = at.astype(int)
    ahead = road.tangent[index]
    left = np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1)
    aside = 0.3 * np.sin(tick / 7.0 + np.arange(cars)) + 0.9 * (step == EPISODE)
    place = road.centre[index] + (at - index)[..., None] * road.spacing_m * ahead + aside[..., None] * left
    lap_share = METRES_A_TICK / road.length_m
    boxed = (np.arange(boxes) * len(road.centre)) // max(boxes, 1) + 5
    objects = np.hstack([road.centre[boxed], np.zeros((boxes, 2), np.float32)])
    steering = np.round(30.0 * np.sin(tick / 5.0 + np.arange(cars)))
    return Trace(
        track=road,
        reversed=backwards,
        x=place[..., 0].astype(np.float32),
        y=place[..., 1].astype(np.float32),
        yaw=(np.arctan2(ahead[..., 1], ahead[..., 0]) + 0.3 * np.cos(tick / 7.0)).astype(np.float32),
        speed=rng.choice(np.array([0.5, 1.0, 1.2, 2.0, 4.0]), (ticks, cars)),
        steering=steering,
        progress=(100.0 * np.minimum(step * lap_share, 1.0)).astype(np.float32),
        step=step.astype(np.int32),
        offtrack=step == EPISODE,
        crashed=np.zeros((ticks, cars), np.bool_),
        done=step == EPISODE,
        wheels_on_track=np.abs(aside) < 0.25,
        alive=np.ones((ticks, cars), np.bool_),
        objects=np.broadcast_to(objects.astype(np.float32), (cars, boxes, 4)),
    )
