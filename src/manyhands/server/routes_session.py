"""Sessions, the signed-in player and the player's own data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from manyhands.arena import api as arena
from manyhands.garage import api as garage
from manyhands.lab import api as lab
from manyhands.league import api as league
from manyhands.server.auth import ContextDep, MaybePlayerDep, PlayerDep, drop_cookie, set_cookie
from manyhands.server.context import Context
from manyhands.server.messages import session as m
from manyhands.server.messages.base import PAGE_SIZE
from manyhands.server.messages.play import Attempts
from manyhands.server.render import answer
from manyhands.types import Json, now_us

router = APIRouter(tags=["player"])

CursorQuery = Annotated[
    str | None,
    Query(
        max_length=90,
        pattern=r"^[0-9]{1,18}(\.[A-Za-z0-9_]{1,64})?$",
        description="From an answer's `next_cursor`.",
    ),
]


def me(context: Context, player: Json) -> m.Me:
    """Return the player's row with the present balances as a message."""
    return answer(m.Me, context.read(arena.own_view, player))


@router.post(
    "/session",
    status_code=201,
    responses={200: {"model": m.Me, "description": "The cookie's player, who goes on."}},
)
async def create_session(
    body: m.SessionCreate,
    request: Request,
    response: Response,
    context: ContextDep,
    existing: MaybePlayerDep,
) -> m.Me:
    """Start as a guest: sets the signed cookie and lends starter credits; a valid cookie keeps its player."""
    if existing is not None:
        response.status_code = 200
        return me(context, existing)
    address = context.address_hash(request)
    player = await context.write(arena.create_guest, body.name, address, context.settings, now_us())
    set_cookie(response, context, player)
    return me(context, player)


@router.delete("/session", status_code=204)
async def end_session(response: Response) -> None:
    """Forget this browser's cookie; the account stays and opens again with its recovery code."""
    drop_cookie(response)


@router.post("/session/recover")
async def recover_session(body: m.SessionRecover, response: Response, context: ContextDep) -> m.Me:
    """Open the account of a recovery code in this browser."""
    player = context.read(arena.player_by_recovery, context.recovery_hash(body.code))
    set_cookie(response, context, player)
    return me(context, player)


@router.get("/me")
async def read_me(player: PlayerDep, context: ContextDep) -> m.Me:
    """Read the signed-in player."""
    return me(context, player)


@router.patch("/me")
async def update_me(body: m.MePatch, player: PlayerDep, context: ContextDep) -> m.Me:
    """Change the player's name."""
    return me(context, await context.write(arena.rename_player, player["id"], body.name))


@router.post("/me/recovery", status_code=201)
async def create_recovery_code(player: PlayerDep, context: ContextDep) -> m.RecoveryCode:
    """Make a new recovery code; it is shown once and replaces an older one."""
    code, code_hash = context.new_recovery_code()
    await context.write(arena.set_recovery, player["id"], code_hash)
    return m.RecoveryCode(code=code)


@router.get("/me/statement")
async def read_statement(player: PlayerDep, context: ContextDep, cursor: CursorQuery = None) -> m.Statement:
    """Read the player's statement, newest first."""
    return answer(m.Statement, context.read(arena.statement, player["id"], cursor, PAGE_SIZE))


@router.get("/me/attempts")
async def list_own_attempts(player: PlayerDep, context: ContextDep, cursor: CursorQuery = None) -> Attempts:
    """List the player's attempts, newest first."""
    return answer(Attempts, context.read(arena.attempts_of, player["id"], cursor, PAGE_SIZE))


@router.get("/me/data")
async def export_data(player: PlayerDep, context: ContextDep) -> m.DataExport:
    """Export everything stored about the player."""
    rows = await context.read_aside(arena.export_player, player["id"])
    rows["experiments"] = await context.read_aside(lab.of_player, player["id"])
    rows["runs"] = await context.read_aside(garage.of_player, player["id"])
    rows["race_entries"] = await context.read_aside(league.of_player, player["id"])
    # Rows are exported as they are stored; only the statement is a message of its own.
    lines = [answer(m.StatementLine, line) for line in rows["statement"]]
    return m.DataExport(**{**rows, "statement": lines})


@router.delete("/me/data")
async def withdraw_data(player: PlayerDep, context: ContextDep) -> m.DataWithdrawn:
    """Withdraw the player's contributions from all future training; books and payments stay.

    Experiments and runs are the player's alone and are deleted, as are entries into races that have neither
    closed nor a final.
    """
    found = await context.write(arena.withdraw_data, player["id"], now_us())
    experiments = await context.write(lab.withdraw, player["id"], now_us())
    runs = await context.write(garage.withdraw, player["id"], now_us())
    entries = await context.write(league.withdraw, player["id"], now_us())
    deleted = {"experiments_deleted": experiments, "runs_deleted": runs, "entries_deleted": entries}
    return answer(m.DataWithdrawn, {**found, **deleted})
