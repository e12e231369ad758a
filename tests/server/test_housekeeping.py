"""The loop that closes, pays and expires outlives whatever goes wrong in one of its rounds."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from server_harness import Server

from manyhands.server import housekeeping
from manyhands.storage.desk import Desk


class Stub:
    """A context in which the first two rounds fail, one of them with a fault of ours."""

    def __init__(self) -> None:
        self.rounds = 0
        self.enough = asyncio.Event()

    def read(self, *_: Any) -> bool:
        self.rounds += 1
        if self.rounds == 1:
            raise KeyError("entry")
        if self.rounds == 2:
            raise housekeeping.ManyhandsError("Busy.")
        self.enough.set()
        return False

    async def write(self, *_: Any) -> None:
        """Nothing to prune."""


def test_a_fault_in_one_round_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "PERIOD_S", 0.0)

    async def go() -> int:
        stub = Stub()
        task = asyncio.create_task(housekeeping.run(stub))  # type: ignore[arg-type]
        await asyncio.wait_for(stub.enough.wait(), 30.0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return stub.rounds

    assert asyncio.run(go()) >= 3


def test_what_deleted_trainings_left_is_deleted(server: Server) -> None:
    settings = server.context.settings
    housekeeping.clear_desks(server.context)
    for folder, name in ((settings.lessons, "les_deleted"), (settings.runs, "run_deleted")):
        Desk(folder).keep(name, {"part": 1}, {})
    housekeeping.clear_desks(server.context)
    assert not any(list(folder.iterdir()) for folder in (settings.lessons, settings.runs))
