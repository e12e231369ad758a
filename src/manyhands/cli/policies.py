"""`manyhands policy …` and `manyhands evaluate`: stored policies, and what one is worth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from manyhands.arena import api as arena
from manyhands.cli.training import show_race
from manyhands.server.assets import Assets
from manyhands.storage import ContentStore
from manyhands.terminal import AsJson, Data, Out, database_of, new_file, settings_of, show

app = typer.Typer(no_args_is_help=True, help="List, show and export policies.")


@app.command("list")
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


@app.command("show")
def policy_show(cid: CidArgument, data: Data = None, as_json: AsJson = False) -> None:
    """Show one policy with its architecture and sensor."""
    settings = settings_of(data)
    with database_of(settings) as database, database.read() as connection:
        row = arena.policy_row(connection, cid)
    show({**row, **Assets(ContentStore(settings.content), settings.tracks).policy_facts(cid)}, as_json)


@app.command("export")
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
        content = arena.policy_as_onnx(content)
    with new_file(out):
        out.write_bytes(content)
    show({"file": str(out), "bytes": len(content)}, as_json)


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
        show_race(chosen, track, laps, settings, as_json)
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
