"""Traces and racing lines over the interface: sent files, what is wrong with them, and lines with limits."""

from __future__ import annotations

import io
import zipfile

import pytest
from server_harness import Client
from test_routes_garage import begin

from manyhands.garage.traces import COLUMNS

HEADING = ",".join(COLUMNS)


def zipped(text: str) -> bytes:
    """An archive with the trace of one iteration."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3-iteration.csv", text)
    return buffer.getvalue()


TRACE = f"""{HEADING}
0,1.0,1.0,2.0,0.5,-30.0,1.0,0,0.0,False,True,0.7,1,5.0,10.0,prepare,0.0
0,2.0,1.1,2.0,0.5,-30.0,1.0,0,1.5,True,True,1.2,1,5.0,10.1,off_track,0.0
"""
DAMAGED = zipped(TRACE)[:60] + bytes(20) + zipped(TRACE)[80:]
URL = "/api/traces/analysis?name=3-iteration.csv"


def test_a_sent_trace_is_analysed(player: Client) -> None:
    answer = player.post(URL, content=TRACE.encode())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["episodes"], found["laps"], found["track"]) == (1, 0, None)
    assert found["ways"]["iterations"] == [3]
    assert found["exits"] == [{"waypoint": 1, "count": 1, "x": 1.1, "y": 2.0}]


@pytest.mark.parametrize(
    ("query", "body", "status", "field"),
    [
        ("", TRACE.replace("1.1,", "here,"), 422, "trace"),
        ("", "no trace at all", 422, "trace"),
        ("", DAMAGED, 422, "trace"),
        ("&iteration=4", TRACE, 404, "iteration"),
    ],
    ids=["field", "text", "archive", "iteration"],
)
def test_what_is_wrong_is_told(
    player: Client, query: str, body: str | bytes, status: int, field: str
) -> None:
    answer = player.post(URL + query, content=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_a_trace_needs_a_session_and_a_run_that_has_driven(client: Client, player: Client) -> None:
    assert client.post(URL, content=TRACE.encode()).status_code in (200, 401)
    run = begin(player)
    for what in ("trace", "analysis"):
        answer = player.get(f"/api/runs/{run['id']}/{what}")
        assert (answer.status_code, answer.json()["field"]) == (409, "run_id")


def test_a_racing_line_keeps_its_limits(client: Client) -> None:
    found = client.get("/api/tracks/kidney/line?speed=2&direction=reverse").json()
    assert found["lap_s"] < found["centre_lap_s"]
    assert found["points"][0] == found["points"][-1]
    assert max(point[2] for point in found["points"]) <= 2.0
    assert client.get("/api/tracks/nowhere/line").status_code == 404
    assert client.get("/api/tracks/kidney/line?speed=0").status_code == 422
