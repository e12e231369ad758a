"""`manyhands up`: the server and its processes."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from manyhands.terminal import AsJson, Data, settings_of


def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any; 8000 by default.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve the page and judge attempts until Ctrl-C; prints the address once it serves."""
    from manyhands.app import up as serve

    settings = settings_of(data, host=host, port=port, open_browser=False if no_open else None)

    def announce(address: str) -> None:
        typer.echo(json.dumps({"url": address}) if as_json else f"Manyhands serves {address}")
        sys.stdout.flush()

    serve(settings, announce)
