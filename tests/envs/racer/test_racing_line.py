"""Racing lines: closed, within the borders, less curved and faster than the centre line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from manyhands.envs.racer import npy, racing_line, tracks
from manyhands.envs.racer.racing_line import Limits, RacingLine
from manyhands.envs.racer.tracks import CELL_M, DISTANCE_STEP_M
from manyhands.errors import InputError

ROADS = ("meadow-oval", "kidney", "terraces", "sluice", "needle", "spectacles", "harbour", "gen-1", "gen-42")
LIMITS = Limits()


def line_of(name: str, backwards: bool = False) -> RacingLine:
    return racing_line.racing_line(tracks.track(name), LIMITS, backwards=backwards)


@pytest.mark.parametrize("name", ROADS)
def test_a_line_is_less_curved_and_faster_than_the_centre(name: str) -> None:
    found = line_of(name)
    assert np.abs(found.curvature).max() < np.abs(found.centre_curvature).max()
    assert found.lap_s < found.centre_lap_s


@pytest.mark.parametrize("name", [*ROADS, "curl", "crossroads"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_line_is_closed_and_a_car_on_it_stays_within_the_borders(name: str, backwards: bool) -> None:
    found = line_of(name, backwards)
    steps = np.hypot(*(np.roll(found.points, -1, axis=0) - found.points).T)
    assert steps.max() < 2.0 * np.median(steps)
    fine = np.concatenate(
        [found.points + share * (np.roll(found.points, -1, axis=0) - found.points) for share in (0.0, 0.5)]
    )
    cells = np.floor(fine / CELL_M).astype(int)
    edge_m = found.track.distance[tuple(cells.T)] * DISTANCE_STEP_M
    assert edge_m.min() > LIMITS.half_width_m - 0.5 * CELL_M  # the raster's own resolution
    centre = (tracks.turned(found.track) if backwards else found.track).centre.astype(np.float64)
    even, _, _ = tracks.resample(centre, np.zeros(len(centre)), len(found.points))
    way = np.roll(even, -1, axis=0) - even
    assert ((np.roll(found.points, -1, axis=0) - found.points) * way).sum(axis=1).min() > 0.0


def test_a_round_road_is_driven_at_its_outer_border() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    road = tracks.build(
        ("ring", "Ring"), 3.0 * np.column_stack([np.cos(angle), np.sin(angle)]), np.full(400, 0.5)
    )
    found = racing_line.racing_line(road, LIMITS)
    outer = 3.0 + 0.5 - LIMITS.half_width_m - racing_line.SAFETY_M
    assert np.abs(1.0 / found.curvature - outer).max() < 0.02
    wanted = np.sqrt(LIMITS.lateral_mps2 * outer)
    assert found.speed == pytest.approx(wanted, rel=0.01)
    assert found.lap_s == pytest.approx(2.0 * np.pi * outer / wanted, rel=0.01)


@pytest.mark.parametrize("speed", [1.0, 2.5, 6.0])
def test_speeds_keep_every_limit(speed: float) -> None:
    limits = replace(LIMITS, speed_mps=speed, acceleration_mps2=2.0, braking_mps2=3.0)
    found = racing_line.racing_line(tracks.track("harbour"), limits)
    assert found.speed.max() <= speed
    assert (found.speed**2 * np.abs(found.curvature) <= limits.lateral_mps2 + 1e-9).all()
    steps = np.hypot(*(np.roll(found.points, -1, axis=0) - found.points).T)
    along = (np.roll(found.speed, -1) ** 2 - found.speed**2) / (2.0 * steps)
    assert along.max() <= limits.acceleration_mps2 + 1e-9
    assert along.min() >= -limits.braking_mps2 - 1e-9


def test_points_are_told_in_the_coordinates_of_the_file(tmp_path: Path) -> None:
    road = tracks.track("gen-1")
    np.save(tmp_path / "far.npy", npy.export(road.centre, road.tangent, road.half_width) + 50.0)
    plain = racing_line.racing_line(tracks.named(str(tmp_path / "far.npy"), None), LIMITS).plain
    points = np.array(plain["points"])
    assert plain["points"][0] == plain["points"][-1]
    assert points[:, :2].min() > 50.0
    centre = road.centre + 50.0
    nearest = np.hypot(*(points[:, None, :2] - centre).transpose(2, 0, 1)).min(axis=1)
    assert nearest.max() < road.half_width.max()


def test_a_car_wider_than_the_road_drives_its_centre() -> None:
    found = racing_line.racing_line(tracks.track("kidney"), Limits(half_width_m=1.0))
    assert np.abs(found.curvature - found.centre_curvature).max() < 0.05


def test_limits_beyond_reason_are_refused() -> None:
    for name in ("speed_mps", "lateral_mps2", "acceleration_mps2", "braking_mps2", "half_width_m"):
        with pytest.raises(InputError):
            Limits(**{name: -1.0})
