"""`manyhands reward …`: check and run reward functions, in the jail that training uses."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from manyhands.errors import InputError
from manyhands.garage.checks import limits_of
from manyhands.garage.rewards.lines import LineRunner, rewards
from manyhands.garage.rewards.opening import text_of
from manyhands.terminal import AsJson, settings_of

app = typer.Typer(no_args_is_help=True, help="Check and run reward functions.")
Source = Annotated[Path, typer.Argument(help="The reward function's file.", metavar="FILE")]


def source_of(file: Path, field: str = "file") -> str:
    """Text of a file, see `text_of`. Raises InputError where there is none."""
    if not file.is_file():
        raise InputError(f"There is no file {file}.", field=field, remedy="Name a .py file.")
    return text_of(file.read_bytes())


@app.command("run")
def run(
    file: Source,
    states: Annotated[
        str, typer.Option(help="File of one params object (JSON) a line; - for standard input.")
    ],
    show_prints: Annotated[bool, typer.Option("--prints", help="Show what it prints, on stderr.")] = False,
    as_json: AsJson = False,
) -> None:
    """Call a reward function on one state after another; prints one number or one error object a line.

    The function keeps its state from line to line. Numbers are JSON in either form; --json is accepted for
    the sake of scripts.
    """
    del as_json
    runner = LineRunner(source_of(file), limits_of(settings_of(None)))
    try:
        for answer in rewards(runner, _lines(states)):
            typer.echo(json.dumps(answer))
            if show_prints:
                for line in runner.printed():
                    typer.echo(line, err=True)
    finally:
        runner.close()


def _lines(states: str) -> Iterator[str]:
    if states == "-":
        yield from sys.stdin
        return
    path = Path(states)
    if not path.is_file():
        raise InputError(f"There is no file {states}.", field="states", remedy="Name a .jsonl file, or -.")
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from file


@app.command("check")
def check(file: Source, as_json: AsJson = False) -> None:
    """List everything that is wrong with a reward function; the exit status is 1 when something is.

    It is read, then called on states of a time trial and of a race with objects. Warnings name what
    DeepRacer's own validator would refuse and what works here all the same.
    """
    from manyhands.garage.rewards.check import check as examine

    report = examine(source_of(file), limits_of(settings_of(None))).as_json()
    if as_json:
        typer.echo(json.dumps(report))
    else:
        for fault in report["faults"]:
            typer.echo(_told("fault", fault))
        for warning in report["warnings"]:
            typer.echo(_told("warning", warning))
        typer.echo("Nothing is wrong with it." if report["ok"] else f"{len(report['faults'])} faults.")
    if not report["ok"]:
        raise typer.Exit(1)


def _told(kind: str, found: dict[str, Any]) -> str:
    place = f"line {found['line']}" if found["line"] else "file"
    shown = f" ({', '.join(found['states'][:2])})" if found.get("states") else ""
    return f"{place}: {kind}: {found['message']}{shown}"
