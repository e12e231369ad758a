"""The command line: parses, calls the areas, prints. No logic lives here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import manyhands
from manyhands import cli_campaigns, cli_experiments, cli_races, cli_rewards, cli_traces, cli_training
from manyhands.arena import api as arena
from manyhands.crowd.roles import DEFAULT_MIX, parse_mix
from manyhands.envs.racer.racing_line import Limits, racing_line
from manyhands.errors import InputError, ManyhandsError, NotFoundError
from manyhands.garage.api import is_reverse
from manyhands.server.assets import Assets
from manyhands.settings import Settings
from manyhands.storage import ContentStore
from manyhands.storage.faults import disk_in_words
from manyhands.terminal import AsJson, Data, Out, database_of, new_file, settings_of, show, table
from manyhands.types import now_us

if TYPE_CHECKING:
    from manyhands.arena.audit import Report

app = typer.Typer(
    name="manyhands",
    help="A self-hosted arena where many hands teach one agent.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
operator_app = typer.Typer(no_args_is_help=True, help="Make operator tokens, find players, give roles.")
policy_app = typer.Typer(no_args_is_help=True, help="List, show and export policies.")
track_app = typer.Typer(no_args_is_help=True, help="Import, list and show tracks.")
app.add_typer(cli_campaigns.app, name="campaign")
app.add_typer(cli_experiments.app, name="experiment")
app.add_typer(cli_training.app, name="train")
app.add_typer(operator_app, name="operator")
app.add_typer(policy_app, name="policy")
app.add_typer(cli_races.app, name="race")
app.add_typer(cli_rewards.app, name="reward")
app.add_typer(cli_traces.app, name="trace")
app.add_typer(track_app, name="track")


@app.command()
def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any; 8000 by default.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve the page and judge attempts until Ctrl-C; prints the address once it serves."""
    from manyhands.app import up as serve

    settings = settings_of(data, host=host, port=port, open_browser=False if no_open else None)

    def announce(address: str) -> None:
        typer.echo(json.dumps({"url": address}) if as_json else f"Manyhands serves {address}")
        sys.stdout.flush()

    serve(settings, announce)


@app.command()
def crowd(
    url: Annotated[str, typer.Argument(help="Where the server is, as `up` printed it.")],
    players: Annotated[int, typer.Option(help="Number of scripted players.")] = 20,
    mix: Annotated[
        str, typer.Option(help="Kinds of players with their shares, as kind=share,kind=share.")
    ] = DEFAULT_MIX,
    seconds: Annotated[float, typer.Option(help="How long they play, in real time.")] = 60.0,
    campaign: Annotated[
        str | None, typer.Option(help="Campaign to play, by slug or id; the lidar campaign if absent.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the players' order, noise and pauses.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Let scripted players play on a running server, over its public interface alone.

    Kinds: skilled, casual, careless, demonstrator, idle, troll, random, copycat, danger, colluders (pairs),
    sybils (a new account after every attempt or two) and sleeper (honest first). A server lets one address
    start only so many guests with a loan; for a large crowd raise its MANYHANDS_SESSIONS_PER_HOUR and
    MANYHANDS_LOAN_ADDRESS_DAY_MICRO.
    """
    import asyncio

    from manyhands.crowd import run as crowds

    orders = crowds.Orders(url, players, parse_mix(mix), seconds, campaign, seed)
    result = asyncio.run(crowds.run(orders, lambda line: typer.echo(line, err=True)))
    if as_json:
        show(result.report, True)
        return
    kinds, times = result.report.pop("players"), result.report.pop("latencies_s")
    show(result.report, False)
    typer.echo(table([{"kind": kind, **sums} for kind, sums in kinds.items()], _CROWD_COLUMNS))
    typer.echo(table([{"what": what, **figures} for what, figures in times.items()], _TIME_COLUMNS))


_CROWD_COLUMNS = {
    "kind": "KIND",
    "accounts": "ACCOUNTS",
    "attempts": "ATTEMPTS",
    "contributions": "CONTRIBUTIONS",
    "paid": "PAID",
    "charged": "CHARGED",
    "net": "NET",
}
_TIME_COLUMNS = {"what": "SECONDS", "count": "COUNT", "p50": "P50", "p95": "P95", "p99": "P99"}


@operator_app.command("token")
def operator_token(data: Data = None, as_json: AsJson = False) -> None:
    """Make a token for the operator's page; it is shown once and only its hash is kept."""
    with database_of(settings_of(data)) as database, database.write() as connection:
        token = arena.create_operator_token(connection, now_us())
    show({"token": token}, as_json)


@operator_app.command("players")
def operator_players(
    name: Annotated[str, typer.Argument(help="Part of the name.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the newest players of a name with their ids and roles."""
    with database_of(settings_of(data)) as database, database.read() as connection:
        rows = arena.named_players(connection, name)
    shown = [{key: row[key] for key in ("id", "name", "role")} for row in rows]
    show(shown, as_json, {"id": "id", "name": "name", "role": "role"})


@operator_app.command("role")
def operator_role(
    player: Annotated[str, typer.Argument(help="The player's id.", metavar="PLAYER")],
    role: Annotated[str, typer.Argument(help="player, funder or operator.", metavar="ROLE")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give a player a role; an operator sees the operator's page without a token."""
    with database_of(settings_of(data)) as database, database.write() as connection:
        row = arena.give_role(connection, player, role)
    show({key: row[key] for key in ("id", "name", "role")}, as_json)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to write; it must not exist.", metavar="FILE")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write everything into one file, while the server runs, and read it back."""
    from manyhands.storage.backup import write_backup

    settings = settings_of(data)
    with database_of(settings) as database:
        show(asdict(write_backup(database, ContentStore(settings.content), target)), as_json)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `backup` wrote.", metavar="FILE")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a new data folder or an empty database."""
    from manyhands.storage.backup import restore_backup

    settings = settings_of(data)
    settings.data.mkdir(parents=True, exist_ok=True)
    show(asdict(restore_backup(source, settings.url, ContentStore(settings.content))), as_json)


@policy_app.command("list")
def policy_list(
    campaign: Annotated[str | None, typer.Option(help="Only of this campaign, by id or slug.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List policies, newest first."""
    columns = {"cid": "CID", "kind": "KIND", "score": "SCORE", "campaign_id": "CAMPAIGN"}
    with database_of(settings_of(data)) as database, database.read() as connection:
        only = arena.find_campaign(connection, campaign)["id"] if campaign else None
        show(arena.list_policies(connection, only), as_json, columns)


CidArgument = Annotated[str, typer.Argument(help="The policy's content id.", metavar="CID")]


@policy_app.command("show")
def policy_show(cid: CidArgument, data: Data = None, as_json: AsJson = False) -> None:
    """Show one policy with its architecture and sensor."""
    settings = settings_of(data)
    with database_of(settings) as database, database.read() as connection:
        row = arena.policy_row(connection, cid)
    show({**row, **_assets(settings).policy_facts(cid)}, as_json)


@policy_app.command("export")
def policy_export(
    policy: Annotated[str, typer.Argument(help="A policy's content id, or a safetensors file.")],
    out: Out,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write a policy's file: ONNX where the new name ends in .onnx, else safetensors."""
    from manyhands.storage.content import parse_cid

    file = Path(policy)
    if file.is_file():
        content = file.read_bytes()
    else:
        content = ContentStore(settings_of(data).content).get(parse_cid(policy))
    if out.suffix == ".onnx":
        from manyhands.policies import onnx_form

        content = onnx_form.of_policy(content)
    with new_file(out):
        out.write_bytes(content)
    show({"file": str(out), "bytes": len(content)}, as_json)


@app.command()
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
            show([asdict(fault) for fault in report.faults], as_json, _FAULT_COLUMNS)
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


_FAULT_COLUMNS = {"code": "CODE", "where": "WHERE", "message": "WHAT"}
_TRACK_COLUMNS = {"id": "ID", "name": "NAME", "length_m": "LENGTH", "half_width_m": "HALF WIDTH"}


def _assets(settings: Settings) -> Assets:
    return Assets(ContentStore(settings.content), settings.tracks)


@track_app.command("list")
def track_list(data: Data = None, as_json: AsJson = False) -> None:
    """List the project's own tracks and the imported ones."""
    show(_assets(settings_of(data)).track_list(), as_json, _TRACK_COLUMNS)


@track_app.command("show")
def track_show(
    track: Annotated[str, typer.Argument(help="A track's id; gen-SEED is a generated one.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one track; with --json the whole geometry."""
    found = _assets(settings_of(data)).track(track)
    if not as_json:
        found = {name: found[name] for name in (*_TRACK_COLUMNS, "spacing_m", "grid")}
    show(found, as_json)


@track_app.command("line")
def track_line(
    track: Annotated[str, typer.Argument(help="A track's id, or an .npy file of DeepRacer's form.")],
    speed: Annotated[float, typer.Option(help="Greatest speed, in m/s.")] = Limits.speed_mps,
    direction: Annotated[str, typer.Option(help="forward or reverse.")] = "forward",
    lateral: Annotated[float, typer.Option(help="Greatest lateral acceleration, in m/s².")] = (
        Limits.lateral_mps2
    ),
    half_width: Annotated[
        float, typer.Option(help="Metres to keep from the borders, half a car's width.")
    ] = (Limits.half_width_m),
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make the line of least curvature around a track; with --json all its points (x, y, m/s)."""
    from manyhands.envs.racer import tracks

    backwards = is_reverse(direction)
    limits = Limits(speed_mps=speed, lateral_mps2=lateral, half_width_m=half_width)
    road = tracks.named(track, settings_of(data).tracks)
    found = racing_line(road, limits, backwards=backwards).plain
    if not as_json:
        found["points"] = len(found["points"])
    show(found, as_json)


@track_app.command("import")
def track_import(
    source: Annotated[Path, typer.Argument(help="An .npy file of shape (points, 6).", metavar="FILE")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Check a DeepRacer track file and copy it into the data folder; its id is the file's name."""
    from manyhands.envs.racer import tracks

    if not source.is_file():
        raise InputError(f"There is no file {source}.", field="file", remedy="Name an .npy file.")
    settings = settings_of(data)
    folder = settings.tracks
    with disk_in_words(folder):
        made = tracks.install(source, folder)
    found = _assets(settings).track(made.id)
    show({name: found[name] for name in _TRACK_COLUMNS}, as_json)


@app.command()
def evaluate(
    policy: Annotated[str, typer.Argument(help="A .safetensors file, a stored CID, or a packaged name.")],
    starts: Annotated[int, typer.Option(help="Starts to drive.")] = 256,
    seed: Annotated[int, typer.Option(help="Which starts are drawn.")] = 0,
    suite: Annotated[str, typer.Option(help="Tracks to drive on: play, gate or heldout.")] = "heldout",
    track: Annotated[str | None, typer.Option(help="Race on this track instead: an id or .npy file.")] = None,
    laps: Annotated[int, typer.Option(help="Laps of the race.")] = 3,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Score a policy against the reference driver on the same starts, with its 95 % interval.

    With a track it drives a race from the start line instead and gives the times of its laps.
    """
    from manyhands.arena.shelf import named_policy
    from manyhands.judging.evaluate import evaluate as measure

    settings = settings_of(data)
    chosen = named_policy(policy, ContentStore(settings.content))
    if track is not None:
        cli_training.show_race(chosen, track, laps, settings, as_json)
        return
    typer.echo(f"Driving {starts} starts of the suite {suite}, and the reference beside.", err=True)
    found = measure(chosen, starts, seed, suite)
    if as_json:
        show(asdict(found), as_json)
        return
    typer.echo(
        f"{100 * found.score:.1f} % of the reference "
        f"(95 %: {100 * found.low:.1f} to {100 * found.high:.1f}); "
        f"survives {100 * found.survival:.1f} %, the reference {100 * found.reference_survival:.1f} %."
    )


@app.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Scripts to run, without .py; all if none is named.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder of the scripts, in a checkout.")] = Path("benchmarks"),
    as_json: AsJson = False,
) -> None:
    """Run the benchmarks of a checkout one after the other; their figures go to the terminal.

    A script that lacks data or another project that it compares with says so, and counts as failed.
    """
    # Files without a main part are what several scripts share.
    scripts = (file for file in sorted(folder.glob("*.py")) if "__main__" in file.read_text())
    known = {file.stem: file for file in scripts}
    unknown = sorted(set(names or []) - known.keys())
    if unknown or not known:
        raise NotFoundError(
            f"There is no benchmark {', '.join(unknown) or 'here'} in {folder}.",
            field="names",
            remedy=f"Choose of {', '.join(known)}." if known else "Run it in a checkout, or name --folder.",
        )
    results = []
    for name in names or known:
        typer.echo(f"── {name}", err=True)
        begun_s = time.monotonic()
        # Figures go to stderr beside the progress where stdout is to hold one JSON object.
        done = subprocess.run(
            [sys.executable, str(known[name])], check=False, stdout=_STDERR if as_json else None
        )
        elapsed_s = round(time.monotonic() - begun_s, 1)
        results.append({"name": name, "status": done.returncode, "seconds": elapsed_s})
    if as_json:
        show({"benchmarks": results}, as_json)
    if any(result["status"] for result in results):
        raise typer.Exit(1)


_STDERR = 2


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


if __name__ == "__main__":
    main()
