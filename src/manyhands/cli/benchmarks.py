"""`manyhands bench`: the scripts of a checkout."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from manyhands.errors import NotFoundError
from manyhands.terminal import AsJson, show

_STDERR = 2


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Scripts to run, without .py; all if none is named.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder of the scripts, in a checkout.")] = Path("benchmarks"),
    as_json: AsJson = False,
) -> None:
    """Run the benchmarks of a checkout one after the other; their figures go to the terminal.

    A script that lacks data or another project that it compares with says so, and counts as failed.
    """
    # Files without a main part are what several scripts share.
    scripts = (file for file in sorted(folder.glob("*.py")) if "__main__" in file.read_text())
    known = {file.stem: file for file in scripts}
    unknown = sorted(set(names or []) - known.keys())
    if unknown or not known:
        raise NotFoundError(
            f"There is no benchmark {', '.join(unknown) or 'here'} in {folder}.",
            field="names",
            remedy=f"Choose of {', '.join(known)}." if known else "Run it in a checkout, or name --folder.",
        )
    results = []
    for name in names or known:
        typer.echo(f"── {name}", err=True)
        begun_s = time.monotonic()
        # Figures go to stderr beside the progress where stdout is to hold one JSON object.
        done = subprocess.run(
            [sys.executable, str(known[name])], check=False, stdout=_STDERR if as_json else None
        )
        elapsed_s = round(time.monotonic() - begun_s, 1)
        results.append({"name": name, "status": done.returncode, "seconds": elapsed_s})
    if as_json:
        show({"benchmarks": results}, as_json)
    if any(result["status"] for result in results):
        raise typer.Exit(1)
