"""`manyhands operator …`: who may use the operator's page of a data folder."""

from __future__ import annotations

from typing import Annotated

import typer

from manyhands.arena import api as arena
from manyhands.terminal import AsJson, Data, database_of, settings_of, show
from manyhands.types import now_us

app = typer.Typer(no_args_is_help=True, help="Make operator tokens, find players, give roles.")


@app.command("token")
def operator_token(data: Data = None, as_json: AsJson = False) -> None:
    """Make a token for the operator's page; it is shown once and only its hash is kept."""
    with database_of(settings_of(data)) as database, database.write() as connection:
        token = arena.create_operator_token(connection, now_us())
    show({"token": token}, as_json)


@app.command("players")
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


@app.command("role")
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
