"""`manyhands trace` and `manyhands track line` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from manyhands import cli
from manyhands.envs.racer import npy, tracks
from manyhands.errors import NotFoundError, TraceError
from manyhands.garage.traces import COLUMNS

RUNNER = CliRunner()
TRACE = f"""{",".join(COLUMNS)}
0,1.0,1.0,2.0,0.5,-30.0,1.0,0,0.0,False,True,0.7,1,20.0,10.0,prepare,0.0
0,2.0,1.1,2.0,0.5,-30.0,1.0,0,1.5,True,True,1.2,1,20.0,10.1,off_track,0.0
"""


def test_a_trace_is_summed_up_as_json_and_in_words(tmp_path: Path) -> None:
    file = tmp_path / "0-iteration.csv"
    file.write_text(TRACE)
    found = json.loads(RUNNER.invoke(cli.app, ["trace", "show", str(file), "--json"]).stdout)
    assert (found["episodes"], found["laps"], found["exits"][0]["waypoint"]) == (1, 0, 1)
    plain = RUNNER.invoke(cli.app, ["trace", "show", str(tmp_path)])
    assert "EXITS AT WAYPOINT" in plain.stdout


def test_what_is_no_trace_or_no_run_is_told(tmp_path: Path) -> None:
    file = tmp_path / "0-iteration.csv"
    file.write_text(TRACE.replace("1.1,", "east,"))
    wrong = RUNNER.invoke(cli.app, ["trace", "show", str(file)]).exception
    assert isinstance(wrong, TraceError)
    assert "Line 3 of 0-iteration.csv has X 'east'." in wrong.sentence()
    nowhere = ["trace", "export", "run_x", "--out", str(tmp_path / "t.zip"), "--data", str(tmp_path)]
    assert isinstance(RUNNER.invoke(cli.app, nowhere).exception, NotFoundError)
    assert not (tmp_path / "t.zip").exists()


def test_a_line_of_a_file_is_told_in_its_coordinates(tmp_path: Path) -> None:
    road = tracks.track("gen-1")
    np.save(tmp_path / "far.npy", npy.export(road.centre, road.tangent, road.half_width) + 50.0)
    command = ["track", "line", str(tmp_path / "far.npy"), "--speed", "3", "--data", str(tmp_path)]
    found = json.loads(RUNNER.invoke(cli.app, [*command, "--json"]).stdout)
    assert found["lap_s"] < found["centre_lap_s"]
    assert min(min(point[:2]) for point in found["points"]) > 50.0
    assert max(point[2] for point in found["points"]) <= 3.0
    assert "lap_s" in RUNNER.invoke(cli.app, command).stdout
    assert RUNNER.invoke(cli.app, [*command, "--direction", "up"]).exception is not None
