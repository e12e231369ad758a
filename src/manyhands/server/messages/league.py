"""Messages of the league: races, what is entered into them, and how it was driven.

`*_ms` is whole milliseconds of the simulation's clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from manyhands.garage.api import DEFAULT_RULES
from manyhands.server.messages.base import (
    ID_PATTERN,
    MAX_MICRO,
    Base64,
    Id,
    Message,
    Micro,
    Name,
    Request,
    Time,
)
from manyhands.server.messages.garage import RaceKind, RaceType, Which

MAX_POLICY_BYTES = 33_000_000
_MOST_TICKS = 3600 * 15
_MOST_MS = 10**9  # with all penalties that a race can give

Direction = Literal["forward", "reverse"]
Ranking = Literal["best_lap", "average_lap", "total_time"]
RaceState = Literal["upcoming", "open", "closing", "final", "closed"]
FinalState = Literal["queued", "running", "live", "done", "failed"]
Moment = Annotated[AwareDatetime, Field(strict=False, description="UTC time, RFC 3339.")]


class RaceRules(Request):
    """How a race is driven; what is absent has DeepRacer's default."""

    laps: int = Field(default=DEFAULT_RULES.laps, ge=1, le=100, description="Laps to drive.")
    consecutive: int = Field(
        default=DEFAULT_RULES.consecutive, ge=1, le=100, description="Consecutive laps of the best average."
    )
    off_track_ms: int = Field(
        default=DEFAULT_RULES.off_track_ms, ge=0, le=60_000, description="Time lost by leaving the road."
    )
    crash_ms: int = Field(
        default=DEFAULT_RULES.crash_ms, ge=0, le=60_000, description="Time lost by a crash."
    )
    most_resets: int = Field(
        default=DEFAULT_RULES.most_resets,
        ge=0,
        le=10_000,
        description="Resets after which a race is given up.",
    )
    limit_s: int = Field(
        default=DEFAULT_RULES.limit_s,
        ge=1,
        le=3600,
        description="Most seconds of driving; penalties count in a final only.",
    )
    race: RaceType = Field(default=RaceType(), description="What else is on the road.")
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="Seed of what is drawn on the road, alike for everyone."
    )


class RaceCreate(Request):
    """Hold a race; its prize leaves the organiser's wallet at once."""

    name: Name
    season: Name
    division: Name = "Open"
    track: str = Field(max_length=64, description="A track's id, as in GET /api/tracks.")
    direction: Direction = "forward"
    rules: RaceRules = RaceRules()
    ranking: Ranking = Field(default="total_time", description="Which time is compared.")
    opens_at: Moment
    closes_at: Moment
    prize_micro: int = Field(default=0, ge=0, le=MAX_MICRO, description="Micro-credits; 1 cr = 1,000,000.")
    shares: list[int] = Field(
        default=[50, 30, 20],
        max_length=20,
        description="Whole percentages of the prize for the first, second …, 100 together at most; what is "
        "left goes back to the organiser.",
    )


class RaceRow(Message):
    """A race in a list."""

    id: Id
    name: str
    season: str
    division: str
    track: str
    direction: Direction
    ranking: Ranking
    type: RaceKind
    state: RaceState = Field(
        description="`closing`: past its end, with entries still to be driven; `final`: the best race one "
        "another."
    )
    opens_at: Time
    closes_at: Time
    closed_at: Time | None
    prize_micro: Micro
    shares: list[int]
    organiser_id: Id | None = Field(description="Null where the house holds the race.")
    organiser: str | None
    racers: int


class Races(Message):
    """Races, the latest opening first."""

    items: list[RaceRow]


class Standing(Message):
    """A racer's best entry."""

    rank: int | None = Field(
        description="Null without a time that counts; those stand below, by progress. Who was not in the "
        "final is ranked below it by qualifying, and wins nothing."
    )
    entry_id: Id
    player_id: Id
    racer: str
    time_ms: int | None = Field(description="By the race's ranking; of all laps of the final if it had one.")
    gap_ms: int | None = Field(description="To the first.")
    off_tracks: int
    crashes: int
    progress: float = Field(description="Percentage of all laps that was driven.")
    entries: int = Field(description="Entries of this racer that were driven.")
    prize_micro: Micro = Field(description="Micro-credits paid at the close.")
    grid: int | None = Field(
        description="Place at the start of the final, from 1; null till it is over and for who was not in it."
    )
    qualifying_ms: int | None = Field(
        description="Once the final is over, the time of before by the race's ranking."
    )
    contacts: int | None = Field(description="With other cars in the final.")


class FinalCar(Message):
    """How a car's final went."""

    entry_id: Id
    finished: bool
    laps_ms: list[int] = Field(description="Complete laps, penalties inside.")
    total_ms: int | None
    best_ms: int | None
    average_ms: int | None = Field(description="Best average of consecutive laps, rounded down.")
    off_tracks: int
    crashes: int = Field(description="Contacts begun.")
    progress: float = Field(description="Percentage of all laps that was driven.")


class Final(Message):
    """The race of the best of qualifying against one another."""

    state: FinalState = Field(
        description="`live`: `starts_at` is set, and every page shows it from then to `ends_at`; `failed`: "
        "it cannot be driven, and qualifying counts."
    )
    note: str = Field(description="Why it failed.")
    starts_at: Time | None = Field(
        description="By the server's clock; tick t is driven t/ticks_per_s after it."
    )
    ends_at: Time | None
    ticks_per_s: int
    grid: list[Id] = Field(description="Entries, the best of qualifying first.")
    results: list[FinalCar] | None = Field(description="In the order of the grid, once it is over.")


class RaceDetail(RaceRow):
    """A race with its leaderboards."""

    rules: RaceRules
    now_at: Time = Field(description="The server's clock at this answer, to show a final in step with it.")
    final: Final | None = Field(
        description="The final of a head-to-head race that has closed with two qualifying times or more."
    )
    board: list[Standing] = Field(description="Policies; of equal times the one entered first is ahead.")
    hands: list[Standing] = Field(description="People who drove by hand, ranked apart and without prizes.")
    can_manage: bool = Field(description="Whether the player may close it.")


class EntryRun(Request):
    """The policy of one of the player's own runs."""

    run_id: str = Field(pattern=ID_PATTERN, max_length=64)
    which: Which = "best"


class EntryChampion(Request):
    """The champion of a campaign, as it stands now."""

    campaign_id: str = Field(pattern=ID_PATTERN, max_length=64, description="The campaign's id or slug.")


class EntryHand(Request):
    """A drive by hand: what was commanded at each tick, of which the server drives it again."""

    actions: str = Field(
        pattern=Base64,
        min_length=4,
        max_length=4 * (2 * _MOST_TICKS // 3 + 1),
        description="Base64 of int8 pairs, steering and throttle in 127ths, one for each tick of driving.",
    )
    laps_ms: list[Annotated[int, Field(ge=0, le=_MOST_MS)]] = Field(
        max_length=100, description="The laps that the page saw."
    )


class EntryCreate(Request):
    """Enter a race with one of the three."""

    run: EntryRun | None = None
    champion: EntryChampion | None = None
    hand: EntryHand | None = None


class EntryResult(Message):
    """How an entry was driven."""

    finished: bool
    laps_ms: list[int] = Field(description="Complete laps, penalties inside.")
    total_ms: int | None
    best_ms: int | None
    average_ms: int | None = Field(description="Best average of consecutive laps, rounded down.")
    penalty_ms: int
    off_tracks: int
    crashes: int
    progress: float = Field(description="Percentage of all laps that was driven.")


class Entry(Message):
    """What was entered into a race."""

    id: Id
    race_id: Id
    player_id: Id
    racer: str
    kind: Literal["policy", "hand"]
    origin: dict[str, JsonValue] = Field(description="Where a policy came from: its run, campaign or file.")
    state: Literal["queued", "running", "done", "refused", "failed", "cancelled"]
    note: str = Field(description="Why it was refused or failed.")
    result: EntryResult | None
    created_at: datetime


class Entries(Message):
    """The player's own entries into a race, newest first."""

    items: list[Entry]


class PathStop(Message):
    """Where the car was put back on the centre line, and stood."""

    tick: int = Field(description="Ticks driven before.")
    ms: int
    crashed: bool


class Samples(Message):
    """Places, one after another."""

    x_mm: list[int]
    y_mm: list[int]
    heading_mrad: list[int]


class EntryPath(Message):
    """The way that was driven, a sample after each tick of driving; penalties take time between samples."""

    ticks_per_s: int
    x_mm: list[int]
    y_mm: list[int]
    heading_mrad: list[int] = Field(description="Anticlockwise from the x-axis, -3142 to 3142.")
    stops: list[PathStop]
    boxes: list[Samples] = Field(description="One sample of each box.")
    bots: list[Samples] = Field(description="Paths of the bot cars, with as many samples as the car's.")


class FinalPath(Samples):
    """A car's way in a final, a sample after each tick of the race's clock."""

    entry_id: Id
    along_mm: list[int] = Field(description="Way of its front from the start line on, over all laps.")
    contacts: list[int] = Field(description="Contacts begun so far.")
    shown: list[bool] = Field(description="Whether others can touch and see it.")


class FinalReplay(Message):
    """How a final was driven; results are told when it has been shown."""

    ticks_per_s: int
    length_m: float = Field(description="Length of a lap.")
    cars: list[FinalPath] = Field(description="Cars in the order of the grid.")
