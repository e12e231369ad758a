"""A run's drives as SIM_TRACE: the file to take along and its analysis. No JAX."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from manyhands.envs.racer import tracks
from manyhands.envs.racer.tracks import Track
from manyhands.garage import analysis, trace_files
from manyhands.garage.recording import Recording
from manyhands.garage.runs import trace_data
from manyhands.garage.trace_files import Form
from manyhands.garage.traces import PER_ITERATION, Part
from manyhands.settings import Settings
from manyhands.types import Json


def trace_of_run(
    connection: Connection, run_id: str, player_id: str | None, settings: Settings
) -> tuple[Track, list[Part]]:
    """The road of a run and its parts; raises what `runs.trace_data` does."""
    terms, data = trace_data(connection, run_id, player_id, settings)
    road = tracks.track(terms["track"], settings.tracks)
    return road, Recording.load(data).parts(road, terms["direction"] == "reverse")


def trace_file(
    connection: Connection, run_id: str, player_id: str | None, form: Form, settings: Settings
) -> bytes:
    """As `trace_files.pack`, of a run."""
    return trace_files.pack(trace_of_run(connection, run_id, player_id, settings)[1], form)


def run_analysis(
    connection: Connection, run_id: str, player_id: str, iteration: int | None, settings: Settings
) -> Json:
    """As `analysis.analyse`, of a run."""
    road, parts = trace_of_run(connection, run_id, player_id, settings)
    return analysis.analyse(parts, road, iteration)


def file_analysis(
    data: bytes, name: str, iteration: int | None, folder: Path, per_iteration: int = PER_ITERATION
) -> Json:
    """As `analysis.analyse`, of a file in any of the forms that `trace_files.read` knows.

    folder: of imported tracks, among which that of the trace is looked for.
    """
    parts = trace_files.read(data, name, per_iteration)
    return analysis.analyse(parts, analysis.road_of(parts, folder), iteration)
