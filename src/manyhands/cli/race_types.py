"""Options that say what else is on the road, for trainings and races."""

from __future__ import annotations

from typing import Annotated, Protocol

import typer

from manyhands.envs.racer import race_types
from manyhands.envs.racer.race_types import CHANGES_S, RaceType
from manyhands.errors import InputError

Race = Annotated[str, typer.Option("--race", help="time-trial, object-avoidance or head-to-bot.")]
Type = Annotated[
    str, typer.Option("--type", help="time-trial, object-avoidance, head-to-bot or head-to-head.")
]
Objects = Annotated[int, typer.Option("--objects", help="Number of boxes or bot cars, 1 to 6.")]
Places = Annotated[
    str, typer.Option("--places", help="Places of the objects, as 20inside,60outside; drawn if absent.")
]
BotSpeed = Annotated[float, typer.Option("--bot-speed", help="Speed of bot cars, in m/s.")]
LaneChanges = Annotated[
    str,
    typer.Option(
        "--lane-changes",
        help="Least and most seconds between a bot car's changes of lane, as 1,5; none if absent.",
    ),
]


class Options(Protocol):
    """What both commands have."""

    @property
    def race(self) -> str: ...
    @property
    def objects(self) -> int: ...
    @property
    def places(self) -> str: ...
    @property
    def speed(self) -> float: ...
    @property
    def lane_changes(self) -> str: ...


def race_type_of(options: Options) -> RaceType:
    """The race type that the options ask for. Raises InputError naming the wrong one."""
    try:
        seconds = [float(part) for part in options.lane_changes.split(",") if part]
    except ValueError as fault:
        raise InputError(
            f"{options.lane_changes!r} are no seconds.", field="lane-changes", remedy="Give two, as 1,5."
        ) from fault
    return race_types.parse(
        {
            "type": options.race.replace("-", "_"),
            "objects": options.objects,
            "places": [_place(part) for part in options.places.split(",") if part],
            "speed_mps": options.speed,
            "changes": bool(seconds),
            "change_s": seconds or list(CHANGES_S),
        }
    )


def _place(text: str) -> dict[str, object]:
    lane = next((lane for lane in race_types.LANES if text.endswith(lane)), "")
    try:
        return {"percent": float(text.removesuffix(lane)), "lane": lane}
    except ValueError as fault:
        raise InputError(
            f"{text!r} is no place.", field="places", remedy="Give percentage and lane, as 20inside."
        ) from fault
