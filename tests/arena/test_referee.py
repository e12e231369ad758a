from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from manyhands.arena.referee import Referee
from manyhands.errors import DatabaseLockedError, DiskError, DiskFullError


@pytest.mark.parametrize("kind", [DiskError, DiskFullError, DatabaseLockedError])
def test_what_the_disk_did_is_not_held_against_an_attempt(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise kind("It refuses.")

    shelf: Any = SimpleNamespace(settings=None, database=None)
    referee = Referee(shelf, "referee-1")
    monkeypatch.setattr(referee, "_rows", refused)
    job: Any = SimpleNamespace(payload={"attempt_id": "att_1"}, tries=99)
    with pytest.raises(kind):
        referee._judge([job])
