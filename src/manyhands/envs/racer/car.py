"""The car: a bicycle with lagging steering and speed, lagging yaw and a grip limit.

Only + - * / and comparisons are used: no sine or cosine, whose last bit differs between languages. The
heading is a unit vector (c, s), turned each substep by the exact rotation (1 - q^2, 2q) / (1 + q^2) with q
half the angle, and steering is kept as the tangent of the wheel angle. The TypeScript twin repeats these
operations in the same order with one float32 rounding each.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

SUBSTEPS = 4
SUBSTEP_S = 1.0 / 60.0


class CarParams(NamedTuple):
    """Constants of one car; rates are the share of the remaining difference closed per substep of 1/60 s."""

    wheelbase_m: float
    max_steer_rad: float
    min_speed_mps: float
    max_speed_mps: float
    speed_rate: float
    max_accel_mps2: float
    max_brake_mps2: float
    steer_rate: float
    yaw_rate: float
    understeer_s2pm2: float  # K in yaw = v tan / (L (1 + K v^2))
    grip_mps2: float
    radius_m: float = 0.09  # of the disc that must not touch a box


PRESETS = {
    "sport": CarParams(
        wheelbase_m=0.165,
        max_steer_rad=0.52,
        min_speed_mps=0.4,
        max_speed_mps=4.0,
        speed_rate=0.067,
        max_accel_mps2=2.5,
        max_brake_mps2=4.0,
        steer_rate=0.14,
        yaw_rate=0.6,
        understeer_s2pm2=0.0,
        grip_mps2=5.0,
    ),
    # Fitted to recorded drives by benchmarks/calibration.py: effective wheelbase, yaw that lags by .4 s.
    "deepracer": CarParams(
        wheelbase_m=0.262,
        max_steer_rad=0.5236,
        min_speed_mps=0.1,
        max_speed_mps=4.0,
        speed_rate=0.133,
        max_accel_mps2=4.5,
        max_brake_mps2=11.0,
        steer_rate=0.28,
        yaw_rate=0.0415,
        understeer_s2pm2=0.0,
        grip_mps2=4.3,
    ),
}


class Motion(NamedTuple):
    """What moves: position in m, heading as a unit vector, speed, steering tangent, yaw rate in rad/s."""

    x: Array
    y: Array
    c: Array
    s: Array
    v: Array
    steer: Array
    yaw: Array


def tangent(angle: Array) -> Array:
    """tan(angle) by its series to the fifth order: 4e-4 off at .52 rad, the same in every language."""
    square = angle * angle
    return angle * (1.0 + square * (1.0 / 3.0 + square * (2.0 / 15.0)))


def drive(car: CarParams, motion: Motion, command: Array, grip: Array) -> Motion:
    """One control tick of SUBSTEPS substeps.

    command: (2,) float32 in [-1, 1], steering (positive turns left) and throttle, which commands a speed
    between the car's smallest and largest. grip: scalar factor on the largest lateral acceleration.
    """
    steer_target = tangent(command[0] * car.max_steer_rad)
    half_range = 0.5 * (car.max_speed_mps - car.min_speed_mps)
    speed_target = car.min_speed_mps + half_range * (1.0 + command[1])
    lateral_limit = car.grip_mps2 * grip
    x, y, c, s, v, steer, yaw = motion
    for _ in range(SUBSTEPS):
        steer = steer + (steer_target - steer) * car.steer_rate
        change = (speed_target - v) * car.speed_rate
        v = v + jnp.clip(change, -car.max_brake_mps2 * SUBSTEP_S, car.max_accel_mps2 * SUBSTEP_S)
        wanted = v * steer / (car.wheelbase_m * (1.0 + car.understeer_s2pm2 * v * v))
        limit = lateral_limit / jnp.maximum(v, 0.3)
        yaw = yaw + (jnp.clip(wanted, -limit, limit) - yaw) * car.yaw_rate
        half = yaw * (0.5 * SUBSTEP_S)
        scale = 1.0 / (1.0 + half * half)
        cos, sin = (1.0 - half * half) * scale, 2.0 * half * scale
        c, s = c * cos - s * sin, s * cos + c * sin
        x = x + v * c * SUBSTEP_S
        y = y + v * s * SUBSTEP_S
    # The rotation is exact up to rounding; one Newton step keeps the heading a unit vector for good.
    norm = 1.5 - 0.5 * (c * c + s * s)
    return Motion(x, y, c * norm, s * norm, v, steer, yaw)
