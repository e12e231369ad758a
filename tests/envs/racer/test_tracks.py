"""Roads: the catalogue, the generator, the distance grid and progress along them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyhands.envs.racer import tracks
from manyhands.envs.racer.car import Motion
from manyhands.envs.racer.catalogue import ROADS
from manyhands.envs.racer.rules import BOXES, PATCHES, Racer, State, make, stack
from manyhands.errors import NotFoundError

IDS = [*ROADS, "gen-0", "gen-1", "gen-999999999"]


def bends(road: tracks.Track) -> np.ndarray:
    """Curvature (K,) in 1/m."""
    ahead = np.roll(road.centre, -1, axis=0) - road.centre
    heading = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
    return np.abs(np.diff(heading)) / road.spacing_m


@pytest.mark.parametrize("track_id", IDS)
def test_geometry(track_id: str) -> None:
    road = tracks.track(track_id)
    assert road.id == track_id
    assert road.centre.shape == road.tangent.shape == (256, 2)
    assert road.half_width.shape == (256,)
    assert road.centre.dtype == road.tangent.dtype == road.half_width.dtype == np.float32
    assert road.distance.dtype == np.int8
    assert road.distance.shape == tracks.GENERATED_SHAPE
    assert 0.06 <= road.spacing_m <= 0.15
    steps = np.hypot(*(np.roll(road.centre, -1, axis=0) - road.centre).T)
    np.testing.assert_allclose(steps, road.spacing_m, rtol=0.02)
    np.testing.assert_allclose(np.hypot(*road.tangent.T), 1.0, atol=1e-6)
    # A bend is never tighter than the car can steer nor than the road is wide.
    assert bends(road).max() < min(1.0 / road.half_width.max(), 2.0)


@pytest.mark.parametrize("track_id", IDS)
def test_grid_says_how_far_the_edge_is(track_id: str) -> None:
    road = tracks.track(track_id)
    ix, iy = np.random.default_rng(0).integers(0, road.distance.shape, (400, 2)).T
    cells = (np.column_stack([ix, iy]) + 0.5) * tracks.CELL_M
    fine, width, _ = tracks.resample(road.centre.astype(float), road.half_width.astype(float), 256 * 16)
    gap = np.hypot(*(cells[:, None] - fine[None]).transpose(2, 0, 1))
    nearest = gap.argmin(axis=1)
    metres = width[nearest] - gap[np.arange(len(cells)), nearest]
    expected = np.clip(metres / tracks.DISTANCE_STEP_M, -127, 127)
    found = road.distance[ix, iy]
    assert np.abs(found - expected).max() < 2.0
    border = np.concatenate([road.distance[[0, -1]].ravel(), road.distance[:, [0, -1]].ravel()])
    assert border.max() < 0


@pytest.mark.parametrize("track_id", IDS)
def test_the_centre_line_is_road(track_id: str) -> None:
    road = tracks.track(track_id)
    cells = np.floor(road.centre / np.float32(tracks.CELL_M)).astype(int)
    assert (
        road.distance[cells[:, 0], cells[:, 1]] > 0.8 * road.half_width.min() / tracks.DISTANCE_STEP_M
    ).all()


def on_centre(racer: Racer, waypoint: int) -> State:
    """A car that stands on a waypoint of the first track, without boxes and patches."""
    x, y = racer.bank.centre[0, waypoint]
    c, s = racer.bank.tangent[0, waypoint]
    zero = jnp.zeros((), jnp.float32)
    return State(
        track=jnp.int32(0),
        waypoint=jnp.int32(waypoint),
        along=zero,
        motion=Motion(x, y, c, s, zero, zero, zero),
        boxes=jnp.full((BOXES, 4), -100.0),
        patches=jnp.zeros((PATCHES, 4)),
        light=jnp.array([1.0, 0.0, 0.0, 0.0]),
    )


def carried_along(racer: Racer, start: State, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Progress and crash of a car that is put on each of the points (T, 2) in turn."""

    def tick(state: State, point: jax.Array) -> tuple[State, tuple[jax.Array, jax.Array]]:
        motion = state.motion._replace(x=point[0], y=point[1])
        waypoint, along, passed = racer._project(state, motion)
        moved = state._replace(motion=motion, waypoint=waypoint, along=along)
        return moved, (passed, racer.crashed(moved))

    _, (passed, crashed) = jax.jit(lambda: jax.lax.scan(tick, start, jnp.asarray(points, jnp.float32)))()
    return np.asarray(passed, np.float64), np.asarray(crashed)


@pytest.mark.parametrize("track_id", ["kidney", "crossroads", "curl", "gen-1"])
def test_a_lap_on_the_centre_line_is_worth_its_length(track_id: str) -> None:
    road = tracks.track(track_id)
    racer = make([road])
    fine, _, _ = tracks.resample(road.centre.astype(float), road.half_width.astype(float), 100)
    passed, crashed = carried_along(racer, on_centre(racer, 0), np.vstack([fine[1:], fine[:1]]))
    assert passed.sum() == pytest.approx(road.length_m, rel=5e-3)
    assert (passed > 0.0).all()
    assert not crashed.any()
    # The same way back, slowly, takes it all away again.
    slow, _, _ = tracks.resample(road.centre.astype(float), road.half_width.astype(float), 300)
    backward, _ = carried_along(racer, on_centre(racer, 0), slow[::-1])
    assert backward.sum() == pytest.approx(-road.length_m, rel=5e-3)


def test_where_roads_cross_the_car_stays_on_its_own() -> None:
    road = tracks.track("crossroads")
    far = np.abs((np.arange(256)[:, None] - np.arange(256) + 128) % 256 - 128) > 40
    gap = np.where(far, np.hypot(*(road.centre[:, None] - road.centre[None]).transpose(2, 0, 1)), np.inf)
    one, other = np.unravel_index(gap.argmin(), gap.shape)
    assert gap[one, other] < road.spacing_m
    racer = make([road])
    for at in (int(one), int(other)):
        begin = (at - 20) % 256
        path = road.centre[(begin + np.arange(1, 41)) % 256]
        passed, crashed = carried_along(racer, on_centre(racer, begin), path)
        assert passed.sum() == pytest.approx(40 * road.spacing_m, rel=0.02)
        assert not crashed.any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999_999_999))
def test_generated_roads_do_not_touch_themselves(seed: int) -> None:
    road = tracks.generate(seed)
    assert 12.0 < road.length_m < 38.0
    far = tracks.APART * road.spacing_m > 2.5
    gap = np.hypot(*(road.centre[:, None] - road.centre[None]).transpose(2, 0, 1))
    assert gap[far].min() > 2.0 * road.half_width.max()


def test_generation_repeats_itself() -> None:
    one, other = tracks.generate(11), tracks.generate(11)
    np.testing.assert_array_equal(one.distance, other.distance)
    assert not np.array_equal(one.centre, tracks.generate(12).centre)


def test_catalogue() -> None:
    entries = tracks.catalogue()
    assert len(entries) >= 12
    assert len({entry.name for entry in entries}) == len(entries)
    for track_id, name, length_m in entries:
        road = tracks.track(track_id)
        assert (road.name, road.length_m) == (name, pytest.approx(length_m, rel=1e-3))


@pytest.mark.parametrize(
    "track_id", ["", "gen-", "gen--1", "gen-01", "gen-1234567890", "kidney.npy", "../kidney"]
)
def test_unknown_ids(track_id: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        tracks.track(track_id)
    assert "kidney" in caught.value.remedy


def test_roads_that_do_not_fit() -> None:
    road = tracks.track("kidney")
    with pytest.raises(ValueError, match="needs a grid"):
        tracks.build(
            ("a", "A"), 2.0 * road.centre.astype(float), road.half_width.astype(float), shape=(336, 272)
        )
    small = tracks.build(("b", "B"), road.centre.astype(float), road.half_width.astype(float), 128)
    with pytest.raises(ValueError, match="must share"):
        stack([road, small])
