"""`manyhands experiment …`: experiments of a data folder, without a page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from manyhands import jobs
from manyhands.errors import InputError, NotFoundError
from manyhands.lab import api as lab
from manyhands.settings import Settings
from manyhands.storage import ContentStore, Database
from manyhands.terminal import AsJson, Data, Out, database_of, new_file, settings_of, show
from manyhands.types import Json, new_job_id, now_us

app = typer.Typer(no_args_is_help=True, help="Create, import, train, show and export experiments.")
Player = Annotated[str, typer.Option(help="Id of the player whose experiment it is.", metavar="PLAYER")]
Id = Annotated[str, typer.Argument(help="The experiment's id.", metavar="EXPERIMENT")]
_LOOK_S = 0.5
_COLUMNS = {
    "learner": "LEARNER",
    "state": "STATE",
    "score": "FOODS",
    "control": "CONTROL",
    "improvement": "IMPROVEMENT",
    "agreement": "AGREEMENT",
}


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The experiment's name.")],
    player: Player,
    style: Annotated[str, typer.Option(help="How the player means to play.")] = "",
    wanted: Annotated[int, typer.Option(min=100, max=5000, help="Observations to collect.")] = 500,
    balance: Annotated[bool, typer.Option(help="Weigh turns and straight moves alike.")] = True,
    takeovers: Annotated[
        bool, typer.Option(help="Play on where the agent came to, not from the start.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Begin an experiment; its games are played on its page."""
    order = lab.ExperimentOrder(
        player, str(new_job_id()), name, style, wanted, balance, lab.ARCADE, takeovers
    )
    with database_of(settings_of(data)) as database, database.write() as connection:
        show(_summary(lab.detail(connection, lab.create(connection, order, now_us()), player)), as_json)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="Observations in the public experiment's JSON form.")],
    player: Player,
    name: Annotated[str | None, typer.Option(help="The experiment's name; the file name if absent.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Begin an experiment with observations recorded elsewhere; says what was corrected or refused."""
    if not file.is_file():
        raise InputError(f"There is no file {file}.", field="file", remedy="Name a .json file.")
    order = lab.ExperimentOrder(
        player, str(new_job_id()), name or file.stem[:32], "imported", 0, True, lab.ARCADE
    )
    read = lab.read_file(order, file.read_bytes())
    with database_of(settings_of(data)) as database, database.write() as connection:
        experiment_id = lab.create(connection, read.order, now_us(), read.rows)
        found = _summary(lab.detail(connection, experiment_id, player))
    show({**found, "report": read.report}, as_json)


@app.command("train")
def train(
    experiment: Id,
    player: Player,
    learners: Annotated[
        list[str] | None, typer.Option("--learner", help="finetuned, supervised or inverse-q; all if absent.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Train learners on what is recorded, each beside its control, and print what they are worth."""
    settings = settings_of(data)
    with database_of(settings) as database:
        with database.write() as connection:
            lab.teach(connection, experiment, player, learners or list(lab.LEARNERS), now_us())
        show(
            [_row(lesson) for lesson in _trained(settings, database, experiment, as_json)], as_json, _COLUMNS
        )


def _trained(settings: Settings, database: Database, experiment: str, quiet: bool) -> list[Json]:
    """Train until nothing of the experiment waits, beside the tutors of a running server if there are any."""
    from manyhands.computing import remember_compilations
    from manyhands.lab.tutor import Tutor

    remember_compilations(settings.compiled)
    terms = jobs.WorkerTerms("command line", settings.lease_s, settings.poll_s)
    tutor = Tutor(database, ContentStore(settings.content), settings.lessons, terms)
    told = ""
    while True:
        with database.read() as connection:
            found = lab.latest(connection, experiment)
        words = ", ".join(f"{lesson['learner']} {lesson['state']}" for lesson in found)
        if words != told and not quiet:
            typer.echo(words, err=True)
            told = words
        if not any(lesson["state"] in ("queued", "running") for lesson in found):
            return found
        if not tutor.step():
            time.sleep(_LOOK_S)


@app.command("show")
def show_experiment(experiment: Id, player: Player, data: Data = None, as_json: AsJson = False) -> None:
    """Show an experiment with the latest lesson of each learner."""
    with database_of(settings_of(data)) as database, database.read() as connection:
        found = lab.detail(connection, experiment, player)
    if as_json:
        show(found, as_json)
        return
    show(_summary(found), as_json)
    if found["lessons"]:
        show([_row(lesson) for lesson in found["lessons"]], as_json, _COLUMNS)


@app.command("export")
def export(
    experiment: Id,
    player: Player,
    out: Out,
    form: Annotated[str, typer.Option("--form", help="json, or minari for a ZIP with a data set.")] = "json",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write an experiment's games to a file."""
    forms = {"json": lab.export_json, "minari": lab.export_minari}
    if form not in forms:
        raise NotFoundError(f"There is no form {form!r}.", field="form", remedy="Use json or minari.")
    with database_of(settings_of(data)) as database, database.read() as connection:
        content = forms[form](connection, experiment, player)
    with new_file(out):
        out.write_bytes(content)
    show({"file": str(out), "bytes": len(content)}, as_json)


def _summary(found: Json) -> Json:
    names = (
        "id",
        "name",
        "style",
        "observations",
        "wanted",
        "games",
        "best",
        "balance",
        "takeovers",
        "board",
    )
    score = found["score"]
    shown = {name: found[name] for name in names} | {"foods": _said(score) if score else None}
    # Foods of a stretch are no game's.
    return shown | {"best": None} if found["takeovers"] else shown


def _row(lesson: Json) -> Json:
    """A lesson as a line: means with the reach of their 95 % intervals."""
    result: dict[str, Any] | None = lesson["result"]
    row: Json = {"learner": lesson["learner"], "state": lesson["state"]}
    if result is None:
        return row
    return row | {
        "score": _said(result["taught"]["score"]),
        "control": _said(result["control"]["score"]),
        "improvement": _said(result["improvement"]),
        "agreement": f"{result['taught']['agreement']['mean']:.3f}",
    }


def _said(estimate: Json) -> str:
    return f"{estimate['mean']:.1f} ({estimate['low']:.1f} to {estimate['high']:.1f})"
