"""`manyhands race …`: races of a data folder, held by the house."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from manyhands.cli.race_types import BotSpeed, LaneChanges, Objects, Places, Type, race_type_of
from manyhands.errors import InputError
from manyhands.garage.api import DEFAULT_RULES, RaceRules, is_reverse
from manyhands.league import api as league
from manyhands.server.assets import Assets
from manyhands.storage import ContentStore
from manyhands.terminal import AsJson, Data, check_new, database_of, new_file, options_of, settings_of, show
from manyhands.types import Json, Micros, credits, new_job_id, now_us

app = typer.Typer(no_args_is_help=True, help="Create, list, show and close races.")
Id = Annotated[str, typer.Argument(help="The race's id.", metavar="RACE")]
_LIST = {
    "id": "ID",
    "season": "SEASON",
    "division": "DIVISION",
    "name": "NAME",
    "track": "TRACK",
    "state": "STATE",
    "racers": "RACERS",
    "prize_micro": "PRIZE",
}
_BOARD = {
    "rank": "RANK",
    "racer": "RACER",
    "time_ms": "TIME/MS",
    "gap_ms": "GAP/MS",
    "off_tracks": "OFF TRACK",
    "entries": "ENTRIES",
    "prize_micro": "PRIZE",
}
_FINAL_BOARD = _BOARD | {"contacts": "CONTACTS", "qualifying_ms": "QUALIFYING/MS"}
_PLACES = {
    "place": "PLACE",
    "policy": "POLICY",
    "total_ms": "TIME/MS",
    "best_ms": "BEST LAP/MS",
    "off_tracks": "OFF TRACK",
    "crashes": "CONTACTS",
    "progress": "PROGRESS/%",
}


@dataclass(frozen=True)
class NewRace:
    """Options of `manyhands race create`."""

    name: Annotated[str, typer.Argument(help="What racers read.")]
    track: Annotated[str, typer.Option(help="A track's id, as `manyhands track list` shows.")]
    season: Annotated[str, typer.Option(help="The season it belongs to.")]
    division: Annotated[str, typer.Option(help="The division it belongs to.")] = "Open"
    direction: Annotated[str, typer.Option(help="forward or reverse.")] = "forward"
    ranking: Annotated[str, typer.Option(help="best_lap, average_lap or total_time.")] = "total_time"
    laps: Annotated[int, typer.Option(help="Laps to drive.")] = DEFAULT_RULES.laps
    consecutive: Annotated[
        int | None, typer.Option(help="Consecutive laps of the best average; all if absent.")
    ] = None
    off_track_ms: Annotated[int, typer.Option(help="Milliseconds lost off the road.")] = (
        DEFAULT_RULES.off_track_ms
    )
    crash_ms: Annotated[int, typer.Option(help="Milliseconds lost by a crash.")] = DEFAULT_RULES.crash_ms
    resets: Annotated[int, typer.Option(help="Resets after which the race is given up.")] = (
        DEFAULT_RULES.most_resets
    )
    limit_s: Annotated[int, typer.Option(help="Most seconds of driving, without penalties.")] = (
        DEFAULT_RULES.limit_s
    )
    days: Annotated[float, typer.Option(help="Days from now until it closes.")] = 7.0
    prize: Annotated[float, typer.Option(help="Credits to issue as prize money.")] = 0.0
    shares: Annotated[str, typer.Option(help="Percentages of the prize for the first, second …")] = "50,30,20"
    race: Type = "time-trial"
    objects: Objects = 0
    places: Places = ""
    speed: BotSpeed = 1.0
    lane_changes: LaneChanges = ""
    seed: Annotated[int, typer.Option(help="Seed of places that are drawn, alike for all.")] = 0
    data: Data = None
    as_json: AsJson = False

    def order(self, now: Micros) -> league.RaceOrder:
        """What is to be created."""
        consecutive = self.laps if self.consecutive is None else self.consecutive
        times = (self.off_track_ms, self.crash_ms, self.resets, self.limit_s)
        return league.RaceOrder(
            idempotency_key=str(new_job_id()),
            name=self.name,
            season=self.season,
            division=self.division,
            track=self.track,
            direction=self.direction,
            rules=RaceRules(self.laps, consecutive, *times, race=race_type_of(self), seed=self.seed),
            ranking=self.ranking,
            opens_us=now,
            closes_us=now + round(self.days * 86_400e6),
            prize_micro=credits(self.prize),
            shares=_percentages(self.shares),
        )


@app.command("create")
@options_of(NewRace)
def create(race: NewRace) -> None:
    """Create a race whose prize the house pays with newly issued play credits."""
    settings, now = settings_of(race.data), now_us()
    Assets(ContentStore(settings.content), settings.tracks).track(race.track)
    with database_of(settings) as database, database.write() as connection:
        found = league.detail(connection, league.create(connection, race.order(now), None, now), now)
    show(_summary(found), race.as_json)


def _percentages(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part]
    except ValueError as fault:
        raise InputError(
            f"{text!r} are no shares.", field="shares", remedy="Give whole percentages, as 50,30,20."
        ) from fault


@app.command("list")
def list_races(
    season: Annotated[str | None, typer.Option(help="Only races of this season.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List races, the latest opening first."""
    with database_of(settings_of(data)) as database, database.read() as connection:
        show(league.listed(connection, now_us(), season), as_json, _LIST)


@app.command("show")
def show_race(race: Id, data: Data = None, as_json: AsJson = False) -> None:
    """Show a race with its leaderboards."""
    with database_of(settings_of(data)) as database, database.read() as connection:
        found = league.detail(connection, race, now_us())
    _print(found, as_json)


@dataclass(frozen=True)
class HeadToHead:
    """Options of `manyhands race head-to-head`."""

    policies: Annotated[
        list[str],
        typer.Argument(
            help="2 to 8 .safetensors files, stored CIDs or packaged names, in the order of the grid.",
            metavar="POLICY…",
        ),
    ]
    track: Annotated[str, typer.Option(help="A track's id, or an .npy file.")]
    laps: Annotated[int, typer.Option(help="Laps to drive.")] = DEFAULT_RULES.laps
    direction: Annotated[str, typer.Option(help="forward or reverse.")] = "forward"
    off_track_ms: Annotated[int, typer.Option(help="Milliseconds lost off the road.")] = (
        DEFAULT_RULES.off_track_ms
    )
    limit_s: Annotated[int, typer.Option(help="Seconds after which the race ends.")] = DEFAULT_RULES.limit_s
    out: Annotated[Path | None, typer.Option(help="Write the way of each car to this new JSON file.")] = None
    data: Data = None
    as_json: AsJson = False


@app.command("head-to-head")
@options_of(HeadToHead)
def race_head_to_head(options: HeadToHead) -> None:
    """Race policies against one another on one road, with contact; no race of the league."""
    from manyhands.arena.shelf import named_policy
    from manyhands.computing import remember_compilations
    from manyhands.envs.racer import tracks
    from manyhands.garage import head_to_head

    if options.out is not None:
        check_new(options.out)
    turned = is_reverse(options.direction)
    settings, laps = settings_of(options.data), options.laps
    remember_compilations(settings.compiled)
    rules = RaceRules(laps, min(laps, 3), off_track_ms=options.off_track_ms, limit_s=options.limit_s)
    road = tracks.named(options.track, settings.tracks)
    chosen = [named_policy(name, ContentStore(settings.content)) for name in options.policies]
    found = head_to_head.race(chosen, road, rules, turned=turned)
    rows = [
        {"place": one.place, "policy": options.policies[one.entry], "entry": one.entry, **asdict(one.race)}
        for one in found.results
    ]
    if options.out is not None:
        with new_file(options.out):
            options.out.write_text(json.dumps({"results": rows, **head_to_head.replay_of(found)}))
    show(rows, options.as_json, _PLACES)


@app.command("close")
def close(race: Id, data: Data = None, as_json: AsJson = False) -> None:
    """Close a race; a running server drives what is entered, and the final, before the prizes are paid."""
    with database_of(settings_of(data)) as database, database.write() as connection:
        league.close(connection, race, None, now_us())
        found = league.detail(connection, race, now_us())
    _print(found, as_json)


def _print(found: Json, as_json: bool) -> None:
    if as_json:
        show(found, as_json)
        return
    show(_summary(found), as_json)
    for name in ("board", "hands"):
        if found[name]:
            typer.echo(f"\n{'By policy' if name == 'board' else 'By hand'}")
            raced = any(row.get("grid") for row in found[name])
            show(found[name], as_json, _FINAL_BOARD if raced else _BOARD)


def _summary(found: Json) -> Json:
    shown = {name: value for name, value in found.items() if name not in ("board", "hands", "final")}
    if found["final"] is not None:
        shown["final"] = found["final"]["state"]
    for name in ("opens_us", "closes_us", "closed_us"):
        moment = shown.pop(name)
        shown[name.removesuffix("_us")] = (
            None
            if moment is None
            else datetime.fromtimestamp(moment / 1e6, UTC).isoformat(timespec="seconds")
        )
    return shown
