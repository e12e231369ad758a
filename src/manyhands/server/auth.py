"""Who is asking: the signed cookie, the operator's bearer token, the client's address."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request, Response

from manyhands.arena import api as arena
from manyhands.errors import ForbiddenError, NotSignedInError
from manyhands.server import cookies
from manyhands.server.context import Context
from manyhands.server.cookies import Session
from manyhands.types import Json, now_us

# Asynchronous without waiting for anything: FastAPI would run plain functions in threads, at a third of a
# millisecond for each request and dependency.


async def context_of(request: Request) -> Context:
    """Return the server's long-lived objects."""
    return cast(Context, request.app.state.context)


ContextDep = Annotated[Context, Depends(context_of)]


async def maybe_player(request: Request, context: ContextDep) -> Json | None:
    """Return the signed-in player's row, or None."""
    return context.player_of_cookie(request.cookies.get(cookies.COOKIE))


async def current_session(request: Request, context: ContextDep) -> Session:
    """Return the session of the cookie, for writes that check it themselves (`Context.write_as`).

    Raises:
        NotSignedInError: without a valid cookie.
    """
    session = context.session_of_cookie(request.cookies.get(cookies.COOKIE))
    if session is None:
        raise NotSignedInError("This needs a player.", field="Cookie")
    return session


async def current_player(request: Request, context: ContextDep) -> Json:
    """Return the signed-in player's row.

    Raises:
        NotSignedInError: without a valid cookie.
        BannedError: when a banned player tries to change something.
    """
    player = await maybe_player(request, context)
    if player is None:
        raise NotSignedInError("This needs a player.", field="Cookie")
    if request.method in ("POST", "PATCH"):
        arena.refuse_banned(player["banned_until_us"], now_us())
    return player


async def current_operator(request: Request, context: ContextDep) -> str:
    """Return the operator's name, from a bearer token or a cookie whose player has that role.

    Raises:
        NotSignedInError: without either.
        ForbiddenError: for a player of another role, or an unknown token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if context.read(arena.is_operator_token, context.token_hash(token.strip())):
            return "operator"
        raise ForbiddenError(
            "The bearer token is not known.",
            field="Authorization",
            remedy="Make a token with `manyhands operator token`.",
        )
    player = await current_player(request, context)
    if player["role"] != "operator":
        raise ForbiddenError("This needs the operator's role.")
    return str(player["id"])


SessionDep = Annotated[Session, Depends(current_session)]
PlayerDep = Annotated[Json, Depends(current_player)]
MaybePlayerDep = Annotated[Json | None, Depends(maybe_player)]
OperatorDep = Annotated[str, Depends(current_operator)]


def set_cookie(response: Response, context: Context, player: Json) -> None:
    """Sign the player in: HttpOnly, SameSite=Lax, and Secure where the public address is https."""
    response.set_cookie(
        cookies.COOKIE,
        cookies.sign(context.keys.cookie, player["id"], player["session_number"]),
        max_age=cookies.MAX_AGE_S,
        httponly=True,
        samesite="lax",
        secure=context.settings.origin.startswith("https://"),
        path="/",
    )


def drop_cookie(response: Response) -> None:
    """Sign this browser out."""
    response.delete_cookie(cookies.COOKIE, path="/", httponly=True, samesite="lax")
