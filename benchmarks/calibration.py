"""How well does the car preset `deepracer` reproduce recorded drives of the simulator it is named after?

    python benchmarks/calibration.py --traces DIR [--fit]

DIR holds `*-iteration.csv` step traces (columns X, Y, yaw, steer, throttle, episode). Every sixth file serves
the fit, the others the report. A window starts from the measured position, heading, speed and yaw rate, runs
one second open loop on the recorded commands, by the rules' own `drive`, and is compared with the recorded
position. Beside the preset stands a kinematic bicycle of the real wheelbase whose speed lag is fitted to the
same files; `--fit` fits the car anew. Both take a recorded row for one control tick of 1/15 s.
"""

import argparse
import csv
import platform
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.optimize import least_squares

from manyhands.envs.racer.car import PRESETS, SUBSTEP_S, SUBSTEPS, CarParams, Motion, drive, tangent

TICK_S = SUBSTEPS * SUBSTEP_S
TICKS = 15  # of a window: one second
PAST = 15  # ticks before it, from which the steering's lag is filled
REAL_WHEELBASE_M = 0.164
FITTED = {  # start value and bounds
    "wheelbase_m": (0.25, 0.05, 2.0),
    "speed_rate": (0.10, 0.01, 0.9),
    "max_accel_mps2": (5.0, 0.3, 20.0),
    "max_brake_mps2": (8.0, 0.3, 20.0),
    "steer_rate": (0.20, 0.01, 0.9),
    "yaw_rate": (0.10, 0.01, 0.9),
    "understeer_s2pm2": (0.10, 0.0, 3.0),
    "grip_mps2": (8.0, 1.0, 20.0),
    "ahead_m": (0.15, -0.1, 0.4),
}
# The traces give the position of a point of the car this far ahead of the one that the rules move.
AHEAD_M = 0.21
PRESET = PRESETS["deepracer"]


class Windows(NamedTuple):
    """Rows (N, PAST + TICKS + 1): position in m, heading, commanded steering in rad and speed in m/s."""

    x: Array
    y: Array
    heading: Array
    steer: Array
    speed: Array


Car = dict[str, Any]
Pose = tuple[Array, Array, Array, Array]
Model = Callable[[Car, Windows], Array]


def episodes(path: Path) -> list[np.ndarray]:
    """Rows of each episode (T, 5): X, Y, yaw in rad (unwrapped), steering in rad, speed in m/s."""
    found: dict[str, list[list[float]]] = {}
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            values = [float(row[name]) for name in ("X", "Y", "yaw", "steer", "throttle")]
            found.setdefault(row["episode"], []).append(values)
    tables = [np.array(rows) for rows in found.values()]
    for table in tables:
        table[:, 2] = np.unwrap(np.radians(table[:, 2]))
        table[:, 3] = np.radians(table[:, 3])
    return tables


def windows(paths: list[Path], stride: int) -> Windows:
    """Windows of all episodes, one every `stride` ticks from the fifth tick on."""
    cut = []
    for path in paths:
        for rows in episodes(path):
            # Before an episode the car stands with straight wheels.
            rest = np.repeat(rows[:1] * [1, 1, 1, 0, 0], PAST, axis=0)
            padded = np.vstack([rest, rows])
            cut += [padded[at : at + PAST + TICKS + 1] for at in range(4, len(rows) - TICKS, stride)]
    return Windows(*jnp.asarray(np.array(cut), jnp.float32).transpose(2, 0, 1))


def measured(data: Windows, ahead_m: Array) -> Motion:
    """Motion at the start of each window, from its last tick; the steering is straight."""
    c, s = jnp.cos(data.heading), jnp.sin(data.heading)
    x, y = data.x - ahead_m * c, data.y - ahead_m * s
    middle = 0.5 * (data.heading[:, PAST] + data.heading[:, PAST - 1])
    dx, dy = x[:, PAST] - x[:, PAST - 1], y[:, PAST] - y[:, PAST - 1]
    speed = (dx * jnp.cos(middle) + dy * jnp.sin(middle)) / TICK_S
    yaw = (data.heading[:, PAST] - data.heading[:, PAST - 1]) / TICK_S
    return Motion(x[:, PAST], y[:, PAST], c[:, PAST], s[:, PAST], speed, jnp.zeros_like(speed), yaw)


def gap(data: Windows, x: Array, y: Array) -> Array:
    """Differences (TICKS, 2, N) in metres of predicted positions (TICKS, N) from the recorded ones."""
    return jnp.stack([x - data.x[:, PAST + 1 :].T, y - data.y[:, PAST + 1 :].T], axis=1)


@jax.jit
def kinematic(car: Car, data: Windows) -> Array:
    """Differences of a bicycle without any lag but that of its speed."""
    ahead = car["ahead_m"]
    start = measured(data, ahead)

    def tick(state: Pose, command: tuple[Array, Array]) -> tuple[Pose, Array]:
        x, y, heading, v = state
        steer, speed = command
        for _ in range(SUBSTEPS):
            v = v + (speed - v) * car["speed_rate"]
            heading = heading + v * tangent(steer) / car["wheelbase_m"] * SUBSTEP_S
            x, y = x + v * jnp.cos(heading) * SUBSTEP_S, y + v * jnp.sin(heading) * SUBSTEP_S
        return (x, y, heading, v), jnp.stack([x + ahead * jnp.cos(heading), y + ahead * jnp.sin(heading)])

    commands = data.steer[:, PAST:-1].T, data.speed[:, PAST:-1].T
    _, seen = jax.lax.scan(tick, (start.x, start.y, data.heading[:, PAST], start.v), commands)
    return gap(data, seen[:, 0], seen[:, 1])


@jax.jit
def dynamic(car: Car, data: Windows) -> Array:
    """Differences of the rules' car."""
    params = PRESET._replace(**{name: car[name] for name in CarParams._fields if name in car})
    throttle = 2.0 * (data.speed - PRESET.min_speed_mps) / (PRESET.max_speed_mps - PRESET.min_speed_mps) - 1.0
    commands = jnp.stack([data.steer / PRESET.max_steer_rad, throttle], axis=-1).transpose(1, 0, 2)

    def tick(motion: Motion, command: Array) -> tuple[Motion, Motion]:
        moved = jax.vmap(drive, (None, 0, 0, None))(params, motion, command, jnp.ones(()))
        return moved, moved

    start = measured(data, car["ahead_m"])
    warm, _ = jax.lax.scan(tick, start, commands[:PAST])
    _, seen = jax.lax.scan(tick, start._replace(steer=warm.steer), commands[PAST:-1])
    return gap(data, seen.x + car["ahead_m"] * seen.c, seen.y + car["ahead_m"] * seen.s)


def fit(model: Model, data: Windows, names: list[str], fixed: Car) -> Car:
    """Least squares, robust against crashes, on the differences after 1/3, 2/3 and 1 s."""

    def residuals(values: np.ndarray) -> np.ndarray:
        car = fixed | dict(zip(names, values.tolist(), strict=True))
        return np.asarray(model(car, data)[jnp.array([4, 9, 14])], np.float64).ravel()

    start, low, high = np.array([FITTED[name] for name in names]).T
    best = least_squares(
        residuals, start, bounds=(low, high), loss="soft_l1", f_scale=0.05, diff_step=[1e-3], max_nfev=60
    )
    return fixed | dict(zip(names, best.x.tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--traces", type=Path, required=True, help="folder of *-iteration.csv")
    parser.add_argument("--fit", action="store_true", help="fit the car anew and print its constants")
    options = parser.parse_args()
    paths = sorted(options.traces.glob("*-iteration.csv"), key=lambda path: int(path.stem.split("-")[0]))
    if len(paths) < 6:
        parser.error(f"{options.traces} holds {len(paths)} files *-iteration.csv; it takes 6 or more.")
    shown = windows(paths[2::6], stride=9)
    left_out = windows([path for path in paths if path not in paths[2::6]], stride=5)
    lag = fit(kinematic, shown, ["speed_rate"], {"wheelbase_m": REAL_WHEELBASE_M, "ahead_m": 0.0})
    free = fit(kinematic, shown, ["speed_rate", "wheelbase_m", "ahead_m"], {})
    rows: list[tuple[str, Model, Car]] = [
        ("kinematic, real wheelbase, fitted speed lag", kinematic, lag),
        ("kinematic, wheelbase and reference point fitted too", kinematic, free),
        ("preset deepracer", dynamic, PRESET._asdict() | {"ahead_m": AHEAD_M}),
    ]
    if options.fit:
        rows.append(("fitted now", dynamic, fit(dynamic, shown, list(FITTED), {})))
        print({name: round(value, 4) for name, value in rows[-1][2].items()})
    print(f"{platform.machine()}, {date.today()}: {len(left_out.x)} windows of 1 s, not used for the fit")
    print(f"{'position error in m':52s}  mean  median  90 %   ratio of means")
    ends = [np.asarray(model(car, left_out)[-1]) for _, model, car in rows]
    sizes = [np.hypot(end[0], end[1]) for end in ends]
    for (name, _, _), size in zip(rows, sizes, strict=True):
        figures = f"{size.mean():.3f}  {np.median(size):.3f}  {np.percentile(size, 90):.3f}"
        print(f"{name:52s} {figures}  {sizes[0].mean() / size.mean():.1f}")


if __name__ == "__main__":
    main()
