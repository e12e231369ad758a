"""`manyhands audit`: what a data folder or a server says, computed again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from manyhands.settings import Settings
from manyhands.storage import ContentStore
from manyhands.terminal import AsJson, Data, database_of, settings_of, show

if TYPE_CHECKING:
    from manyhands.arena.audit import Report

_COLUMNS = {"code": "CODE", "where": "WHERE", "message": "WHAT"}


def audit(
    url: Annotated[
        str | None, typer.Argument(help="Audit what a running server publishes instead.", metavar="[URL]")
    ] = None,
    data: Data = None,
    sample: Annotated[
        int, typer.Option(min=0, help="Verdicts to judge again, and races' drives to drive again.")
    ] = 3,
    seed: Annotated[int, typer.Option(help="Which of them are drawn.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Recompute balances, hash chain, budgets, a sample of verdicts and races; status 1 with the faults."""
    from manyhands.arena import remote_audit

    report = remote_audit.audit(url) if url is not None else _audit_folder(settings_of(data), sample, seed)
    if as_json:
        show(report.as_json(), as_json)
    else:
        typer.echo(report.sentence())
        if report.faults:
            show([asdict(fault) for fault in report.faults], as_json, _COLUMNS)
    if report.faults:
        raise typer.Exit(1)


def _audit_folder(settings: Settings, sample: int, seed: int) -> Report:
    from manyhands.arena import audit as auditing
    from manyhands.arena.shelf import Shelf
    from manyhands.computing import remember_compilations
    from manyhands.judging.audit import Fault
    from manyhands.league import api as league
    from manyhands.league import redriving

    content = ContentStore(settings.content)
    with database_of(settings) as database:
        if sample:
            remember_compilations(settings.compiled)
        report = auditing.audit(Shelf(database, content, settings), sample, seed)
        with database.read() as connection:
            report.races, faults = league.audit(connection)
        report.driven, differing = redriving.sample(database, content, settings.tracks, sample, seed)
    report.faults += [Fault(**asdict(fault)) for fault in (*faults, *differing)]
    return report
