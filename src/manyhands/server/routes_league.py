"""The league: races, entering them, and the ways that were driven."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection

from manyhands.arena import api as arena
from manyhands.errors import InputError, TransitionError
from manyhands.garage import api as garage
from manyhands.league import api as league
from manyhands.server.auth import ContextDep, MaybePlayerDep, PlayerDep
from manyhands.server.context import Context
from manyhands.server.messages import league as m
from manyhands.server.messages.base import ID_PATTERN, NAME_PATTERN
from manyhands.server.render import answer
from manyhands.server.routes_campaigns import IdempotencyKey
from manyhands.settings import Settings
from manyhands.types import Json, now_us

router = APIRouter(tags=["league"])

RacePath = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]
EntryPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]
SeasonQuery = Annotated[str | None, Query(max_length=32, description="Only races of this season.")]
FileName = Annotated[
    str, Query(min_length=1, max_length=32, pattern=NAME_PATTERN, description="What the file is called.")
]


async def _race(context: Context, race_id: str, player: Json | None) -> m.RaceDetail:
    row = await context.shared(f"race:{race_id}", league.detail, race_id, now_us())
    # Answers are shared for a moment, the clock is read for each.
    own = {"can_manage": league.may_manage(row, player), "now_us": now_us()}
    return answer(m.RaceDetail, {**row, **own})


async def _entered(context: Context, order: league.EntryOrder) -> m.Entry:
    entry_id = await context.write(league.enter, order, now_us())
    return answer(m.Entry, context.read(league.entry, order.race_id, entry_id))


@router.get("/races")
async def list_races(context: ContextDep, season: SeasonQuery = None) -> m.Races:
    """List all races, the latest opening first."""
    rows = await context.shared(f"races:{season}", league.listed, now_us(), season)
    return answer(m.Races, {"items": rows})


@router.post("/races", status_code=201)
async def create_race(
    body: m.RaceCreate, key: IdempotencyKey, player: PlayerDep, context: ContextDep
) -> m.RaceDetail:
    """Hold a race, once per key; its prize is paid into escrow from the organiser's wallet."""
    await context.aside(context.assets.track, body.track)
    plain = body.model_dump(exclude={"rules", "opens_at", "closes_at"})
    order = league.RaceOrder(
        idempotency_key=key,
        rules=garage.race_rules(body.rules.model_dump()),
        opens_us=round(body.opens_at.timestamp() * 1e6),
        closes_us=round(body.closes_at.timestamp() * 1e6),
        **plain,
    )
    race_id = await context.write(league.create, order, player, now_us())
    context.forget_shared()
    return await _race(context, race_id, player)


@router.get("/races/{race_id}")
async def read_race(race_id: RacePath, context: ContextDep, player: MaybePlayerDep) -> m.RaceDetail:
    """Read a race with its rules and leaderboards."""
    return await _race(context, race_id, player)


@router.post("/races/{race_id}/close")
async def close_race(race_id: RacePath, player: PlayerDep, context: ContextDep) -> m.RaceDetail:
    """Take no more entries; what is entered is driven, then the prizes are paid and the rest is refunded."""
    await context.write(league.close, race_id, player, now_us())
    context.forget_shared()
    return await _race(context, race_id, player)


@router.get("/races/{race_id}/final", response_model=m.FinalReplay)
async def read_final(race_id: RacePath, context: ContextDep) -> Response:
    """Read the way of every car of a race's final, as soon as its start is set."""
    # All who watch ask within seconds for hundreds of thousands of numbers: a thread writes them down.
    data = await context.shared(f"final:{race_id}", _final_json, race_id, context.settings)
    return Response(data, media_type="application/json")


def _final_json(connection: Connection, race_id: str, settings: Settings) -> bytes:
    found = answer(m.FinalReplay, league.final_replay(connection, race_id, settings))
    return found.model_dump_json().encode()


@router.get("/races/{race_id}/entries")
async def list_entries(race_id: RacePath, player: PlayerDep, context: ContextDep) -> m.Entries:
    """List the player's own entries into a race, newest first."""
    return answer(m.Entries, {"items": context.read(league.entries_of, race_id, player["id"])})


@router.post("/races/{race_id}/entries", status_code=202)
async def create_entry(
    race_id: RacePath, body: m.EntryCreate, key: IdempotencyKey, player: PlayerDep, context: ContextDep
) -> m.Entry:
    """Enter a race with the policy of a run, a campaign's champion or a drive by hand, once per key."""
    given = [name for name in ("run", "champion", "hand") if getattr(body, name) is not None]
    if len(given) != 1:
        raise InputError(
            "An entry is one of run, champion and hand.", field="body", remedy="Send exactly one of them."
        )
    if body.hand is not None:
        return await _entered(context, _hand(race_id, body.hand, player["id"], key))
    if body.run is not None:
        run = (body.run.run_id, player["id"], body.run.which)
        data = await context.read_aside(garage.policy_data, *run, context.settings)
        origin: Json = {"run_id": body.run.run_id, "which": body.run.which}
        return await _with_policy(context, league.EntryOrder(player["id"], key, race_id, origin), data)
    assert body.champion is not None
    campaign = context.read(arena.find_campaign, body.champion.campaign_id)
    if campaign["champion_cid"] is None:
        raise TransitionError(
            "The campaign has no champion yet.", field="campaign_id", remedy="Wait until it is open."
        )
    data = await context.aside(context.assets.policy_bytes, campaign["champion_cid"])
    origin = {"campaign_id": campaign["id"], "campaign": campaign["name"]}
    return await _with_policy(context, league.EntryOrder(player["id"], key, race_id, origin), data)


@router.post(
    "/races/{race_id}/entries/file",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def create_entry_of_file(
    race_id: RacePath,
    request: Request,
    key: IdempotencyKey,
    name: FileName,
    player: PlayerDep,
    context: ContextDep,
) -> m.Entry:
    """Enter a race with a policy file, safetensors, once per key."""
    order = league.EntryOrder(player["id"], key, race_id, {"file": name})
    return await _with_policy(context, order, await request.body())


async def _with_policy(context: Context, order: league.EntryOrder, data: bytes) -> m.Entry:
    order = await context.aside(league.with_policy, order, data)
    # What is stored stays: only what will be an entry is. Two at a time would both pass the day's limit.
    with context.uploads.turn(order.player_id):
        if context.read(league.check_open, order, now_us()) is None:
            await context.aside(league.store_policy, data, context.settings)
        return await _entered(context, order)


def _hand(race_id: str, hand: m.EntryHand, player_id: str, key: str) -> league.EntryOrder:
    try:
        actions = base64.b64decode(hand.actions, validate=True)
    except binascii.Error as fault:
        raise InputError("The actions are no Base64.", field="hand.actions") from fault
    return league.EntryOrder(player_id, key, race_id, {}, actions=actions, laps_ms=hand.laps_ms)


@router.get("/races/{race_id}/entries/{entry_id}")
async def read_entry(race_id: RacePath, entry_id: EntryPath, context: ContextDep) -> m.Entry:
    """Read an entry and how it was driven."""
    return answer(m.Entry, context.read(league.entry, race_id, entry_id))


@router.get("/races/{race_id}/entries/{entry_id}/path")
async def read_entry_path(race_id: RacePath, entry_id: EntryPath, context: ContextDep) -> m.EntryPath:
    """Read the way that an entry was driven, for replays beside any other."""
    return answer(m.EntryPath, await context.read_aside(league.path, race_id, entry_id, context.settings))
