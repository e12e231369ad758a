"""SIM_TRACE read and written: both forms, older and newer ones, archives, and what is wrong with a line."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from manyhands.envs.racer import tracks
from manyhands.errors import NotFoundError, TooLargeError, TraceError
from manyhands.garage import analysis, trace_files, traces
from manyhands.garage.traces import COLUMNS, STEP, Part, Rows

HEADING = ",".join(COLUMNS) + "\n"
# Two episodes of a road of 20 m, made up: the first leaves it after .2 s, the second completes a lap.
MADE_UP = HEADING + (
    "0,1.0,1.0,2.0,0.5,-30.0,1.0,0,0.0,False,True,0.7,1,20.0,10.0,prepare,0.0\n"
    "0,2.0,1.1,2.0,0.5,-30.0,1.0,0,1.5,False,True,1.2,1,20.0,10.1,in_progress,0.0\n"
    "0,3.0,1.3,2.0,0.5,15.0,2.0,4,0.001,True,False,2.2,2,20.0,10.2,off_track,0.0\n"
    "1,1.0,2.0,2.0,0.5,15.0,2.0,4,0.0,False,True,0.7,5,20.0,11.0,prepare,0.0\n"
    "1,2.0,2.1,2.0,0.5,15.0,2.0,4,2.0,True,True,100.0,6,20.0,19.5,lap_complete,0.0\n"
)


def random_rows(seed: int, count: int = 200) -> Rows:
    """Steps with values as large and as small as they come."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, STEP)
    for name, kind in ((name, STEP[name].kind) for name in COLUMNS):
        if kind == "f":
            rows[name] = rng.normal(0.0, 10.0 ** rng.integers(-3, 4), count)
        elif kind == "i":
            rows[name] = rng.integers(0, 10_000, count)
        elif kind == "b":
            rows[name] = rng.integers(0, 2, count) > 0
    rows["episode_status"] = rng.choice(["in_progress", "off_track", "lap_complete", "prepare"], count)
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_a_csv_says_what_was_written(seed: int) -> None:
    rows = random_rows(seed)
    read = traces.read_csv(traces.csv_of(rows), "0-iteration.csv")
    np.testing.assert_array_equal(read["reward"], rows["reward"])
    for name in COLUMNS:
        if STEP[name].kind == "f":
            np.testing.assert_allclose(read[name], rows[name], rtol=1e-5, atol=1e-4)
        else:
            np.testing.assert_array_equal(read[name], rows[name])


@pytest.mark.parametrize("seed", range(3))
def test_a_log_says_what_was_written_between_other_lines(seed: int) -> None:
    rows = random_rows(seed)
    noise = [f"12:00:{at} sim {line}\tstream" for at, line in enumerate(traces.log_of(rows).splitlines())]
    read = traces.read_log("\n".join(["Loading", *noise, "Done, all of it"]), "sim.log")
    for name in COLUMNS:
        if STEP[name].kind == "f":
            np.testing.assert_allclose(read[name], rows[name], rtol=1e-9, atol=6e-3)
        else:
            np.testing.assert_array_equal(read[name], rows[name])


def test_the_form_of_2019_has_radians_and_no_status() -> None:
    line = "SIM_TRACE_LOG:3,2,1.0,2.0,1.5708,0.52,1.00,4,1.5,{done},True,{far},1,17.67,1555.0\n"
    text = line.format(done="False", far="50.0") + line.format(done="True", far="100.0")
    rows = traces.read_log(text + line.format(done="True", far="70.0"), "old.log")
    np.testing.assert_allclose(rows["yaw"], 90.0, atol=1e-3)
    assert rows["episode_status"].tolist() == ["in_progress", "lap_complete", "off_track"]
    assert [part.iteration for part in traces.iterations(rows, per_iteration=2)] == [1]


@pytest.mark.parametrize("action", ["[3.5, 1.2]", "[3.5 1.2]", '"[3.5, 1.2]"'])
def test_continuous_actions_have_no_index_and_newer_files_more_columns(action: str) -> None:
    heading = HEADING.strip() + ",obstacle_crash_counter,wall_clock\n"
    line = f"0,2.0,1,2,3,4,1,{action},1,False,True,1,1,20,1,in_progress,0,0,1700000000.5\n"
    rows = traces.read_csv(heading + line, "0-iteration.csv")
    assert (rows["action"][0], rows["reward"][0], rows["episode_status"][0]) == (-1, 1.0, "in_progress")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1,2.0,2.1", "1,two,2.1", "Line 6 of 0-iteration.csv has steps 'two'."),
        ("0,3.0,1.3", "0,3.5,1.3", "Line 4 of 0-iteration.csv has steps '3.5'."),
        ("1.1,2.0,0.5", "nan,2.0,0.5", "Line 3 of 0-iteration.csv has X 'nan'."),
        ("2.2,2,20.0", "2.2,20.0", "Line 4 of 0-iteration.csv has 16 fields."),
        ("10.2,off_track", "10.2,off track", "Line 4 of 0-iteration.csv has episode_status 'off track'."),
        ("2.0,True,True,100", "2.0,yes,True,100", "Line 6 of 0-iteration.csv has done 'yes'."),
        ("episode,steps", "episode,step", "The heading of 0-iteration.csv is not that of a SIM_TRACE."),
        (MADE_UP, HEADING, "0-iteration.csv has no steps."),
    ],
)
def test_a_wrong_line_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(TraceError) as wrong:
        trace_files.read(MADE_UP.replace(old, new).encode(), "0-iteration.csv")
    assert wrong.value.message == said
    assert wrong.value.field == "trace"


def test_archives_and_folders_hold_many(tmp_path: Path) -> None:
    parts = [
        Part(phase, number, random_rows(number, 20))
        for phase in ("training", "evaluation")
        for number in (0, 2, 10)
    ]
    packed = trace_files.pack(parts, "csv")
    assert packed == trace_files.pack(parts, "csv")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert "training-simtrace/10-iteration.csv" in archive.namelist()
        archive.extractall(tmp_path)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w:gz") as made:
        made.add(tmp_path, "sim-trace")
    wanted = [(part.phase, part.iteration, len(part.rows)) for part in parts]
    for found in (
        trace_files.read(packed, "trace.zip"),
        trace_files.read(tarred.getvalue(), "trace.tar.gz"),
        trace_files.read_path(tmp_path),
    ):
        assert [(part.phase, part.iteration, len(part.rows)) for part in found] == wanted


def test_logs_of_an_archive_count_where_there_is_no_csv() -> None:
    rows = traces.read_csv(MADE_UP, "0-iteration.csv")
    log = traces.log_of(rows)
    for files, found in (
        ({"a/sim.log": log}, 1),
        ({"a/sim.log": log, "a/training-simtrace/0-iteration.csv": MADE_UP}, 1),
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
            archive.writestr("a/other.log", "nothing of it")
        assert len(trace_files.read(buffer.getvalue(), "logs.zip")) == found


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04broken", b"\x1f\x8bbroken", b"\xff\xfe", b"", b"a,b,c\n1,2,3\n"], ids=repr
)
def test_what_is_no_trace_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(TraceError):
        trace_files.read(data, "some.csv")


def test_a_large_trace_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trace_files, "MOST_UNPACKED", 1000)
    with pytest.raises(TooLargeError):
        trace_files.read(trace_files.pack([Part("training", 0, random_rows(0))], "csv"), "trace.zip")
    monkeypatch.setattr(trace_files, "MOST_BYTES", 10)
    with pytest.raises(TooLargeError):
        trace_files.read(MADE_UP.encode(), "0-iteration.csv")
    with pytest.raises(TraceError):
        trace_files.read_path(tmp_path)
    with pytest.raises(TraceError):
        trace_files.read_path(tmp_path / "none.csv")


def zipped(files: dict[str, str], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_steps_are_counted_over_all_files_of_an_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_ROWS", 10)
    csv = traces.csv_of(random_rows(0, 5))
    two = {f"{number}-iteration.csv": csv for number in range(2)}
    assert len(trace_files.read(zipped(two), "trace.zip")) == 2
    with pytest.raises(TraceError, match=r"^2-iteration\.csv has too many steps\.$"):
        trace_files.read(zipped({**two, "2-iteration.csv": HEADING + csv.splitlines()[1]}), "trace.zip")
    logs = {f"{number}.log": traces.log_of(random_rows(0, 6)) for number in range(2)}
    with pytest.raises(TraceError, match=r"^1\.log has too many steps\.$"):
        trace_files.read(zipped(logs), "logs.zip")


@pytest.mark.parametrize("read", [traces.read_csv, traces.read_log], ids=["csv", "log"])
def test_lines_beyond_the_most_are_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str, str, int], Rows]
) -> None:
    split: list[str] = []

    def watched(line: str) -> list[str]:
        split.append(line)
        return fields(line)

    fields = traces._split
    monkeypatch.setattr(traces, "_split", watched)
    monkeypatch.setattr(traces, "_AT_ONCE", 4)
    rows = random_rows(0, 100)
    text = traces.csv_of(rows) if read is traces.read_csv else traces.log_of(rows)
    with pytest.raises(TraceError, match="too many steps"):
        read(text, "long", 10)
    assert len(split) == 12


def test_blank_lines_count_as_lines_and_long_ones_are_refused() -> None:
    blank = MADE_UP.replace("\n", "\r\n\r\n")
    assert len(traces.read_csv(blank, "0-iteration.csv")) == 5
    with pytest.raises(TraceError, match=r"^Line 11 of 0-iteration\.csv has steps 'two'"):
        traces.read_csv(blank.replace("1,2.0,2.1", "1,two,2.1"), "0-iteration.csv")
    for text, read in ((HEADING, traces.read_csv), ("Loading\n" + traces.MARK, traces.read_log)):
        with pytest.raises(TraceError, match=r"^Line 2 of it has 5,000 characters\.$"):
            read(text + "," * 5000, "it")


def test_a_log_has_an_iteration_for_every_so_many_episodes() -> None:
    rows = random_rows(0)
    parts = traces.iterations(rows, 7)
    assert [part.iteration for part in parts] == sorted({int(number) // 7 for number in rows["episode"]})
    for part in parts:
        np.testing.assert_array_equal(part.rows, rows[rows["episode"] // 7 == part.iteration])


def damaged(data: bytes, kind: str) -> bytes:
    """The archive with other bytes in the middle of its first file."""
    at = 60 if kind == "zip" else len(data) // 2
    return data[:at] + bytes(20) + data[at + 20 :]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_damaged_archive_is_told_from_a_good_one(kind: str) -> None:
    csv = traces.csv_of(random_rows(0))
    data = zipped({"0-iteration.csv": csv})
    if kind == "tar":
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as made:
            info = tarfile.TarInfo("0-iteration.csv")
            info.size = len(csv)
            made.addfile(info, io.BytesIO(csv.encode()))
        data = buffer.getvalue()
    assert len(trace_files.read(data, "trace")) == 1
    with pytest.raises(TraceError, match=f"^The {kind} archive cannot be read"):
        trace_files.read(damaged(data, kind), "trace")


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_can_only_be_unpacked_whole_is_refused(how: int) -> None:
    with pytest.raises(TraceError, match="packed in a way that is not read"):
        trace_files.read(zipped({"0-iteration.csv": MADE_UP}, how), "trace.zip")


def test_a_trace_is_summed_up() -> None:
    found = analysis.summary(trace_files.read(MADE_UP.encode(), "0-iteration.csv"))
    assert found == {
        "iterations": 1,
        "episodes": 2,
        "steps": 5,
        "track_length_m": 20.0,
        "completion": 51.1,
        "laps": 1,
        "best_lap_s": 8.5,
        "exits": [{"waypoint": 2, "count": 1, "x": 1.3, "y": 2.0}],
    }


def test_a_trace_is_analysed() -> None:
    found = analysis.analyse(trace_files.read(MADE_UP.encode(), "7-iteration.csv"), None, None)
    assert found["track"] is None
    assert [row["iteration"] for row in found["by_iteration"]] == [7]
    assert found["by_iteration"][0]["training"]["complete"] == 50.0
    assert found["by_iteration"][0]["evaluation"] is None
    assert [row["seconds"] for row in found["each_episode"]] == [0.2, 8.5]
    assert [(row["index"], row["steering_angle"], row["count"]) for row in found["actions"]] == [
        (0, -30.0, 1),
        (4, 15.0, 2),
    ]
    first = found["ways"]["episodes"][0]
    assert first["speed"] == pytest.approx([0.0, 1.0, 2.0])
    assert first["reward"] == [0.0, 1.5, 0.001]
    with pytest.raises(NotFoundError, match="no iteration 3"):
        analysis.analyse(trace_files.read(MADE_UP.encode(), "7-iteration.csv"), None, 3)


def test_continuous_actions_are_counted_in_bins() -> None:
    rows = np.zeros(4, STEP)
    rows["action"], rows["episode_status"] = -1, "in_progress"
    rows["steer"], rows["throttle"] = [1.0, 2.0, -9.0, -11.0], [1.1, 0.9, 2.0, 2.1]
    found = analysis.analyse([Part("training", 0, rows)], None, None)["actions"]
    assert [(row["steering_angle"], row["speed"], row["count"]) for row in found] == [
        (-10.0, 2.0, 2),
        (0.0, 1.0, 2),
    ]


def test_the_road_of_a_trace_is_found(tmp_path: Path) -> None:
    road = tracks.track("kidney")
    rows = np.zeros(len(road.centre), STEP)
    rows["X"], rows["Y"] = road.centre.T
    rows["track_len"] = road.length_m
    found = analysis.road_of([Part("training", 0, rows)], tmp_path)
    assert found is not None
    assert found.id == "kidney"
    rows["X"] += 3.0
    assert analysis.road_of([Part("training", 0, rows)], tmp_path) is None
