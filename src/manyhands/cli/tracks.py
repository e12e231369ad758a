"""`manyhands track …`: the project's own tracks and imported ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from manyhands.envs.racer.racing_line import Limits, racing_line
from manyhands.errors import InputError
from manyhands.garage.api import is_reverse
from manyhands.server.assets import Assets
from manyhands.settings import Settings
from manyhands.storage import ContentStore
from manyhands.storage.faults import disk_in_words
from manyhands.terminal import AsJson, Data, settings_of, show

app = typer.Typer(no_args_is_help=True, help="Import, list and show tracks.")
_COLUMNS = {"id": "ID", "name": "NAME", "length_m": "LENGTH", "half_width_m": "HALF WIDTH"}


def _assets(settings: Settings) -> Assets:
    return Assets(ContentStore(settings.content), settings.tracks)


@app.command("list")
def track_list(data: Data = None, as_json: AsJson = False) -> None:
    """List the project's own tracks and the imported ones."""
    show(_assets(settings_of(data)).track_list(), as_json, _COLUMNS)


@app.command("show")
def track_show(
    track: Annotated[str, typer.Argument(help="A track's id; gen-SEED is a generated one.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one track; with --json the whole geometry."""
    found = _assets(settings_of(data)).track(track)
    if not as_json:
        found = {name: found[name] for name in (*_COLUMNS, "spacing_m", "grid")}
    show(found, as_json)


@app.command("line")
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


@app.command("import")
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
    show({name: found[name] for name in _COLUMNS}, as_json)
