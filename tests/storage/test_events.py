"""Events come in commit order, to their audience, and tell a reader that it fell behind."""

from __future__ import annotations

import threading

from manyhands.storage import Database, events
from manyhands.types import CampaignId, Micros, PlayerId

ANN, RACER = events.player_audience(PlayerId("plr_ann")), events.campaign_audience(CampaignId("cmp_racer"))


def _append(database: Database, audience: str, kind: str, at: int = 1) -> int:
    with database.write() as connection:
        return events.append(connection, audience, kind, {"kind": kind}, Micros(at))


def test_a_reader_gets_what_its_audiences_may_see_after_its_last_number(database: Database) -> None:
    seen = _append(database, events.ALL, "opened")
    _append(database, ANN, "valued")
    _append(database, events.player_audience(PlayerId("plr_bob")), "valued")
    _append(database, RACER, "verdict")
    with database.read() as connection:
        mine = events.poll(connection, seen, [events.ALL, ANN, RACER])
        everybody = events.poll(connection, 0)
        one = events.poll(connection, 0, limit=1)
    assert [(e.seq, e.audience, e.kind, e.payload) for e in mine] == [
        (2, ANN, "valued", {"kind": "valued"}),
        (4, RACER, "verdict", {"kind": "verdict"}),
    ]
    assert [e.seq for e in everybody] == [1, 2, 3, 4]
    assert [e.seq for e in one] == [1]


def test_a_reader_that_follows_writers_misses_nothing(database: Database) -> None:
    def write() -> None:
        for _ in range(20):
            _append(database, events.ALL, "tick")

    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in writers:
        thread.start()
    got: list[int] = []
    while len(got) < 60:
        with database.read() as connection:
            got += [e.seq for e in events.poll(connection, got[-1] if got else 0)]
    for thread in writers:
        thread.join()
    assert got == list(range(1, 61))


def test_pruning_shows_a_reader_how_far_back_it_can_go(database: Database) -> None:
    with database.read() as connection:
        assert (events.first(connection), events.last(connection)) == (1, 0)
    for at in (10, 20, 30):
        _append(database, events.ALL, "tick", at)
    with database.write() as connection:
        assert events.prune(connection, Micros(25)) == 2
        assert (events.first(connection), events.last(connection)) == (3, 3)
        assert events.prune(connection, Micros(99)) == 1
        assert (events.first(connection), events.last(connection)) == (4, 3)
