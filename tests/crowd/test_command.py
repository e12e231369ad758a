from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from manyhands import cli
from manyhands.crowd import run as crowds
from manyhands.crowd.run import Orders
from manyhands.errors import InputError

SUMS = {"accounts": 2, "attempts": 3, "contributions": 1, "paid": 4.5, "charged": 0.5, "net": 4.0}
TIMES = {"count": 3, "p50": 0.01, "p95": 0.02, "p99": 0.03}


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command with a crowd that has already been; its orders are in the report."""

    async def run(orders: Orders, tell: Callable[[str], None]) -> crowds.Result:
        tell("One line of progress.")
        report = {"mix": orders.mix, "url": orders.url, "score_last": 0.5, "errors": {}}
        return crowds.Result(report | {"players": {"troll": SUMS}, "latencies_s": {"value": TIMES}}, [])

    monkeypatch.setattr(crowds, "run", run)
    return lambda *arguments: CliRunner().invoke(cli.app, ["crowd", "http://arena", *arguments])


def test_with_json_the_only_output_is_one_object(crowd: Callable[..., Result]):
    result = crowd("--json", "--mix", "troll=1,idle=3", "--players", "4")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "mix": {"troll": 0.25, "idle": 0.75},
        "url": "http://arena",
        "score_last": 0.5,
        "errors": {},
        "players": {"troll": SUMS},
        "latencies_s": {"value": TIMES},
    }
    assert result.stderr == "One line of progress.\n"


def test_without_json_kinds_and_times_are_tables(crowd: Callable[..., Result]):
    lines = [line.split() for line in crowd().stdout.splitlines()]
    assert ["score_last", "50.0", "%"] in lines
    assert ["troll", "2", "3", "1", "4.5", "0.5", "4.0"] in lines
    assert ["value", "3", "0.01", "0.02", "0.03"] in lines


@pytest.mark.parametrize("arguments", [["--players", "0"], ["--seconds", "0"], ["--mix", "wizard=1"]])
def test_impossible_orders_are_one_sentence(crowd: Callable[..., Result], arguments: list[str]):
    assert isinstance(crowd(*arguments).exception, InputError)
