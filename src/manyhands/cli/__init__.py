"""The command line: parses, calls the areas, prints. No logic lives here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import manyhands
from manyhands.cli import (
    audits,
    backups,
    benchmarks,
    campaigns,
    crowds,
    experiments,
    operators,
    policies,
    races,
    rewards,
    serving,
    traces,
    tracks,
    training,
)
from manyhands.errors import ManyhandsError

app = typer.Typer(
    name="manyhands",
    help="A self-hosted arena where many hands teach one agent.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    serving.up,
    crowds.crowd,
    backups.backup,
    backups.restore,
    audits.audit,
    policies.evaluate,
    benchmarks.bench,
):
    app.command()(command)
app.add_typer(campaigns.app, name="campaign")
app.add_typer(experiments.app, name="experiment")
app.add_typer(training.app, name="train")
app.add_typer(operators.app, name="operator")
app.add_typer(policies.app, name="policy")
app.add_typer(races.app, name="race")
app.add_typer(rewards.app, name="reward")
app.add_typer(traces.app, name="trace")
app.add_typer(tracks.app, name="track")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(manyhands.__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Run the arena on this machine, or look into its data folder."""


def main() -> None:
    """Run the command line; a known error is one sentence on stderr and exit status 1."""
    try:
        app()
    except ManyhandsError as error:
        typer.echo(error.sentence(), err=True)
        sys.exit(1)
