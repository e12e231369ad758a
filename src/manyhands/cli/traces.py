"""`manyhands trace …`: what cars did step by step, in DeepRacer's SIM_TRACE form."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from manyhands.garage.traces import PER_ITERATION
from manyhands.terminal import AsJson, Data, Out, database_of, new_file, settings_of, show

app = typer.Typer(no_args_is_help=True, help="Read and export traces in DeepRacer's SIM_TRACE form.")
_EXITS = {"waypoint": "EXITS AT WAYPOINT", "count": "COUNT", "x": "X/M", "y": "Y/M"}


class Form(StrEnum):
    """What a trace is written as."""

    csv = "csv"
    log = "log"


@app.command("show")
def show_trace(
    file: Annotated[
        Path, typer.Argument(help="A CSV, a log, an archive or a folder of them.", metavar="FILE")
    ],
    per_iteration: Annotated[
        int, typer.Option(min=1, help="Episodes of an iteration, which logs do not tell.")
    ] = PER_ITERATION,
    as_json: AsJson = False,
) -> None:
    """Sum up a trace: episodes, completion, laps, best lap and where cars left the road."""
    from manyhands.garage import analysis, trace_files

    found = analysis.summary(trace_files.read_path(file, per_iteration))
    if as_json:
        show(found, True)
        return
    show({name: value for name, value in found.items() if name != "exits"}, False)
    if found["exits"]:
        typer.echo("")
        show(found["exits"], False, _EXITS)


@app.command("export")
def export(
    run: Annotated[str, typer.Argument(help="The run's id.", metavar="RUN")],
    out: Out,
    form: Annotated[
        Form, typer.Option(help="csv: a zip of N-iteration.csv files; log: SIM_TRACE_LOG lines.")
    ] = Form.csv,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write what the cars of a run in this data folder drove."""
    from manyhands.garage import api as garage

    settings = settings_of(data)
    with database_of(settings) as database, database.read() as connection:
        content = garage.trace_file(connection, run, None, form.value, settings)
    with new_file(out):
        out.write_bytes(content)
    show({"file": str(out), "bytes": len(content)}, as_json)
