"""`manyhands crowd`: scripted players on a running server."""

from __future__ import annotations

from typing import Annotated

import typer

from manyhands.crowd.roles import DEFAULT_MIX, parse_mix
from manyhands.terminal import AsJson, show, table

_CROWD_COLUMNS = {
    "kind": "KIND",
    "accounts": "ACCOUNTS",
    "attempts": "ATTEMPTS",
    "contributions": "CONTRIBUTIONS",
    "paid": "PAID",
    "charged": "CHARGED",
    "net": "NET",
}
_TIME_COLUMNS = {"what": "SECONDS", "count": "COUNT", "p50": "P50", "p95": "P95", "p99": "P99"}


def crowd(
    url: Annotated[str, typer.Argument(help="Where the server is, as `up` printed it.")],
    players: Annotated[int, typer.Option(help="Number of scripted players.")] = 20,
    mix: Annotated[
        str, typer.Option(help="Kinds of players with their shares, as kind=share,kind=share.")
    ] = DEFAULT_MIX,
    seconds: Annotated[float, typer.Option(help="How long they play, in real time.")] = 60.0,
    campaign: Annotated[
        str | None, typer.Option(help="Campaign to play, by slug or id; the lidar campaign if absent.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the players' order, noise and pauses.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Let scripted players play on a running server, over its public interface alone.

    Kinds: skilled, casual, careless, demonstrator, idle, troll, random, copycat, danger, colluders (pairs),
    sybils (a new account after every attempt or two) and sleeper (honest first). A server lets one address
    start only so many guests with a loan; for a large crowd raise its MANYHANDS_SESSIONS_PER_HOUR and
    MANYHANDS_LOAN_ADDRESS_DAY_MICRO.
    """
    import asyncio

    from manyhands.crowd import run as crowds

    orders = crowds.Orders(url, players, parse_mix(mix), seconds, campaign, seed)
    result = asyncio.run(crowds.run(orders, lambda line: typer.echo(line, err=True)))
    if as_json:
        show(result.report, True)
        return
    kinds, times = result.report.pop("players"), result.report.pop("latencies_s")
    show(result.report, False)
    typer.echo(table([{"kind": kind, **sums} for kind, sums in kinds.items()], _CROWD_COLUMNS))
    typer.echo(table([{"what": what, **figures} for what, figures in times.items()], _TIME_COLUMNS))
