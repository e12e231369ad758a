"""`manyhands campaign …`: campaigns of a data folder, paid by the house."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from manyhands.arena import api as arena
from manyhands.settings import Settings
from manyhands.storage import Database
from manyhands.terminal import AsJson, Data, Out, database_of, new_file, settings_of, show
from manyhands.types import credits, now_us

app = typer.Typer(no_args_is_help=True, help="Create, list, show, fund, close and export campaigns.")
Key = Annotated[str, typer.Argument(help="The campaign's id or slug.", metavar="CAMPAIGN")]
_COLUMNS = {
    "id": "ID",
    "slug": "SLUG",
    "state": "STATE",
    "sensor": "SENSOR",
    "score": "SCORE",
    "escrow_micro": "LEFT",
    "paid_micro": "PAID",
    "attempts": "ATTEMPTS",
    "players": "PLAYERS",
}


@app.command("list")
def list_campaigns(data: Data = None, as_json: AsJson = False) -> None:
    """List all campaigns."""
    with database_of(settings_of(data)) as database, database.read() as connection:
        show(arena.list_campaigns(connection, now_us()), as_json, _COLUMNS)


@app.command("show")
def show_campaign(campaign: Key, data: Data = None, as_json: AsJson = False) -> None:
    """Show one campaign with its history and open lot."""
    settings = settings_of(data)
    with database_of(settings) as database, database.read() as connection:
        show(arena.campaign_detail(connection, campaign, settings, now_us()), as_json)


@app.command("create")
def create_campaign(
    name: Annotated[str, typer.Argument(help="What players read.")],
    environment: Annotated[str, typer.Option(help="racer-v0 or snake-v0.")] = "racer-v0",
    sensor: Annotated[
        str | None,
        typer.Option(help="lidar or camera of the racer, grid or features of Snake; the former if absent."),
    ] = None,
    budget: Annotated[float, typer.Option(help="Credits to put into the escrow.")] = 1000.0,
    stake: Annotated[float, typer.Option(help="Credits an attempt locks.")] = 2.0,
    target: Annotated[float, typer.Option(help="Score that uses up the budget; 1 is the reference.")] = 1.0,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Create a campaign that the house pays with newly issued play credits."""
    order = arena.CampaignOrder(
        name=name,
        slug=None,
        environment=environment,
        sensor=sensor,
        budget_micro=credits(budget),
        stake_micro=credits(stake),
        target_score=target,
    )
    with database_of(settings_of(data)) as database, database.write() as connection:
        campaign_id = arena.create_campaign(connection, order, None, now_us())
        row = arena.find_campaign(connection, campaign_id)
    show({name: row[name] for name in ("id", "slug", "name", "state")}, as_json)


@app.command("fund")
def fund_campaign(
    campaign: Key,
    amount: Annotated[float, typer.Argument(help="Credits to issue into the escrow.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Top up a campaign with newly issued play credits."""
    settings = settings_of(data)
    with database_of(settings) as database:
        with database.write() as connection:
            order = arena.TopUp(campaign, None, credits(amount), secrets.token_hex(8))
            arena.fund_campaign(connection, order, now_us())
        _show_escrow(database, campaign, settings, as_json)


@app.command("close")
def close_campaign(campaign: Key, data: Data = None, as_json: AsJson = False) -> None:
    """Close a campaign; a running server judges what is pending, then refunds the rest."""
    settings = settings_of(data)
    with database_of(settings) as database:
        with database.write() as connection:
            arena.close_campaign(connection, campaign, None, now_us())
        _show_escrow(database, campaign, settings, as_json)


def _show_escrow(database: Database, campaign: str, settings: Settings, as_json: bool) -> None:
    with database.read() as connection:
        view = arena.campaign_detail(connection, campaign, settings, now_us())
    show(
        {name: view[name] for name in ("id", "state", "budget_micro", "escrow_micro", "paid_micro")}, as_json
    )


@app.command("export")
def export_campaign(campaign: Key, out: Out, data: Data = None, as_json: AsJson = False) -> None:
    """Write a campaign's paid contributions as JSON lines; the first line states the licence."""
    contributions = 0
    with database_of(settings_of(data)) as database, database.read() as connection:
        campaign_id, header = arena.export_header(connection, campaign, None)
        with new_file(out), out.open("w") as file:
            file.write(header)
            lines, cursor = arena.export_batch(connection, campaign_id, None)
            while lines:
                file.writelines(lines)
                contributions += len(lines)
                if cursor is None:
                    break
                lines, cursor = arena.export_batch(connection, campaign_id, cursor)
    show({"file": str(out), "contributions": contributions}, as_json)
