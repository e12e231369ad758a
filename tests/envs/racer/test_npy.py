"""Tracks in DeepRacer's form: what loads, what is mended and what is refused."""

import io
import os
from pathlib import Path

import numpy as np
import pytest

from manyhands.envs.racer import npy, tracks
from manyhands.errors import NotFoundError, TrackError


def loop(
    count: int = 120, radius: float = 3.0, half_width: float = 0.4, clockwise: bool = False
) -> np.ndarray:
    """An unevenly spaced, slightly egg-shaped loop whose first row is repeated last."""
    angle = np.linspace(0.0, 2.0 * np.pi, count) + 0.01 * np.sin(np.linspace(0.0, 40.0 * np.pi, count))
    ray = np.column_stack([np.cos(angle), 0.7 * np.sin(angle)])
    normal = np.column_stack([0.7 * np.cos(angle), np.sin(angle)])
    normal /= np.hypot(*normal.T)[:, None]
    rows = np.hstack([radius * ray, radius * ray - half_width * normal, radius * ray + half_width * normal])
    rows[-1] = rows[0]
    return rows[::-1].copy() if clockwise else rows


def file_of(rows: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def road(rows: np.ndarray) -> tracks.Track:
    found = npy.parse(file_of(rows))
    return tracks.build(("it", "It"), found.points, found.half_width, found.waypoints)


@pytest.mark.parametrize("clockwise", [False, True])
def test_round_trip(clockwise: bool) -> None:
    first = road(loop(clockwise=clockwise))
    rows = npy.export(first.centre, first.tangent, first.half_width)
    assert rows.shape == (len(first.centre) + 1, 6)
    np.testing.assert_array_equal(rows[0], rows[-1])
    again = road(rows)
    assert again.length_m == pytest.approx(first.length_m, rel=2e-3)
    np.testing.assert_allclose(again.centre, first.centre, atol=0.01)
    np.testing.assert_allclose(again.half_width, first.half_width, atol=5e-3)
    enclosed = npy.export(first.centre, first.tangent, first.half_width)[:, 2:4]
    assert (
        np.hypot(*(enclosed - rows[:, :2].mean(axis=0)).T).mean()
        < np.hypot(*(rows[:, 4:6] - rows[:, :2].mean(axis=0)).T).mean()
    )


@pytest.mark.parametrize(("radius", "waypoints"), [(2.5, 128), (5.0, 256), (10.0, 512), (20.0, 1024)])
def test_spacing(radius: float, waypoints: int) -> None:
    found = road(loop(count=400, radius=radius))
    assert len(found.centre) == waypoints
    assert 0.06 <= found.spacing_m <= 0.15
    steps = np.hypot(*(np.roll(found.centre, -1, axis=0) - found.centre).T)
    np.testing.assert_allclose(steps, found.spacing_m, rtol=0.02)


def test_the_road_lies_between_the_borders() -> None:
    rows = loop(count=300)
    rows[:, :2] += 0.05  # a centre line that is not in the middle
    found = road(rows)
    np.testing.assert_allclose(found.half_width, 0.4, atol=0.01)


def test_mends_what_can_be_mended() -> None:
    rows = loop()
    clean = road(rows)
    rows[7, 3] = np.nan
    rows[11] = rows[10]
    rows[31] = rows[29] - 0.02 * (rows[30] - rows[29])  # one row steps back
    mended = road(np.vstack([rows[:-1], rows[:1] + 0.01]))
    assert mended.length_m == pytest.approx(clean.length_m, rel=0.01)


def test_numbers_of_other_types_load() -> None:
    assert road((loop(radius=8.0) * 1.0).astype(np.float32)).length_m > 30.0
    assert road(np.round(loop(radius=30.0, half_width=1.5) * 1.0).astype(np.int32)[::8]).length_m > 100.0


def test_a_road_with_two_ends_gets_a_way_back() -> None:
    along = np.linspace(0.0, 12.0, 60)
    line = np.column_stack([along, 0 * along, along, 0 * along + 0.35, along, 0 * along - 0.35])
    found = road(line)
    assert found.length_m > 24.0
    # Both lanes are road and a strip between them is not.
    across = found.distance[found.distance.shape[0] // 2] > 0
    assert np.count_nonzero(np.diff(across.astype(int)) == 1) == 2


def test_roads_may_cross() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 200)
    centre = np.column_stack([4.0 * np.sin(angle), 2.5 * np.sin(2.0 * angle)])
    ahead = np.gradient(centre, axis=0)
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    found = road(np.hstack([centre, centre + 0.3 * left, centre - 0.3 * left]))
    np.testing.assert_allclose(found.half_width, 0.3, atol=0.02)


def refused(rows: object, sentence: str) -> None:
    with pytest.raises(TrackError, match=sentence) as caught:
        npy.parse(rows) if isinstance(rows, bytes) else npy.parse(file_of(np.asarray(rows)))
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")


def test_refusals() -> None:
    rows = loop()
    refused(b"not a numpy file", "not a readable")
    refused(file_of(rows)[:200], "not a readable")
    refused(b"", "not a readable")
    refused(b"x" * (npy.MAX_FILE_BYTES + 1), "bytes, more than")
    refused(rows[:, :4], "shape")
    refused(np.zeros((3, 3, 6)), "shape")
    refused(rows.astype(str), "holds numbers")
    refused(rows * np.nan, "distinct usable rows")
    refused(np.repeat(rows[:1], 40, axis=0), "distinct usable rows")
    refused(rows[:5], "distinct usable rows")
    refused(rows * 1e8, "from the origin")
    refused(rows * 100.0, "wide")
    refused(rows * 0.1, "wide")
    refused(loop(half_width=0.4, radius=0.5), "long")
    refused(loop(count=900, radius=60.0), "long")
    refused(np.hstack([rows[:, :2]] * 3), "wide")
    refused(rows[:-12], "does not close")
    scrambled = np.random.default_rng(0).permutation(rows[:-1])
    refused(np.vstack([scrambled, scrambled[:1]]), "turns back|long|wide")


def test_objects_are_never_unpickled() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], object), allow_pickle=True)
    refused(stream.getvalue(), "not a readable")


def test_archives_of_arrays_are_refused() -> None:
    stream = io.BytesIO()
    np.savez(stream, a=loop())
    refused(stream.getvalue(), "shape")


def test_install_and_find(tmp_path: Path) -> None:
    source = tmp_path / "my_loop.npy"
    np.save(source, loop())
    folder = tmp_path / "tracks"
    assert tracks.imported(folder) == []
    found = tracks.install(source, folder)
    assert found.id == "my_loop"
    assert found.name == "my loop"
    assert tracks.imported(folder) == ["my_loop"]
    np.testing.assert_array_equal(tracks.track("my_loop", folder).distance, found.distance)
    with pytest.raises(NotFoundError, match="no track"):
        tracks.track("my_loop")
    with pytest.raises(NotFoundError, match="no track"):
        tracks.track("../my_loop", folder)


@pytest.mark.parametrize("name", ["gen-1", "kidney", "a b", "x" * 65])
def test_names_that_are_no_free_id(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / f"{name}.npy", loop())
    with pytest.raises(TrackError, match="cannot be the id"):
        tracks.install(tmp_path / f"{name}.npy", tmp_path / "tracks")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match="cannot be read"):
        npy.read(tmp_path / "none.npy")


def test_real_files(tmp_path: Path) -> None:
    """With MANYHANDS_SHARED set, the .npy files in its folder `tracks` too."""
    np.save(tmp_path / "own.npy", loop(clockwise=True))
    folders = [tmp_path, Path(os.environ.get("MANYHANDS_SHARED", tmp_path)) / "tracks"]
    for path in [path for folder in folders for path in sorted(folder.glob("*.npy"))]:
        found = npy.read(path)
        built = tracks.build((path.stem, path.stem), found.points, found.half_width, found.waypoints)
        assert 0.06 <= built.spacing_m <= 0.15, path.name
        again = npy.drawing(npy.export(built.centre, built.tangent, built.half_width))
        np.testing.assert_allclose(again.points, built.centre, atol=0.02, err_msg=path.name)
