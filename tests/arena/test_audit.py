"""The audit: clean over a real round, and whatever is changed afterwards is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Float, Integer, Table, select, update
from tiny_arena import TinyArena, TinyShelf, settings_in

import tiny_course as tiny
from manyhands.arena import api as arena_api
from manyhands.arena import audit as auditing
from manyhands.arena import remote_audit, scout
from manyhands.arena.audit import Report
from manyhands.errors import InputError
from manyhands.judging import bootstrap
from manyhands.storage import ContentStore, Database, open_database
from manyhands.storage.schema import (
    accounts,
    attempts,
    campaigns,
    entries,
    jobs,
    rounds,
    transfers,
    verdicts,
)
from manyhands.types import now_us

# The judge is compiled first, which a busy machine takes its time for.
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which six players teach the champion and two drive it off the road, twice each.

    A round learns from four contributions of its lot and as many older ones.
    """
    folder = tmp_path_factory.mktemp("played")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scout, "AT_ONCE", tiny.ROWS // 2)
        patch.setattr(scout, "LEAST", 2 * tiny.ATTEMPTS)
        patch.setattr(bootstrap, "demonstrate", partial(bootstrap.demonstrate, seconds=1.0))
        arena = TinyArena.open(folder, judging=replace(tiny.ROUNDS, learned=4))
        arena.judge()
        push = np.zeros((tiny.task().max_ticks, tiny.ROWS, 2), np.float32)
        push[:, 6:, 0] = 2.0
        for tag in ("first", "second"):
            arena.play(tag, tiny.hold(0, 150), push)
            arena.judge()
        arena.database.close()
    return folder


@pytest.fixture
def folder(played: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    shutil.copytree(played, tmp_path / "copy")
    return tmp_path / "copy"


def audit(folder: Path, sample: int = 0) -> Report:
    settings = settings_in(folder)
    database = open_database(settings.url)
    try:
        return auditing.audit(TinyShelf(database, ContentStore(settings.content), settings), sample)
    finally:
        database.close()


def change(folder: Path, act: Callable[[Connection], Any]) -> None:
    database = open_database(settings_in(folder).url)
    with database.write() as connection:
        act(connection)
    database.close()


def test_a_real_campaign_is_clean_and_judged_again_to_the_bit(played: Path) -> None:
    report = audit(played, sample=10)
    assert report.faults == []
    assert report.recomputed >= 1
    assert report.attempts == 2 * tiny.ATTEMPTS
    assert report.as_json()["ok"] is True
    assert report.sentence().endswith("all agree.")
    database = open_database(settings_in(played).url)
    with database.read() as connection:
        kinds = connection.execute(select(verdicts.c.kind).order_by(verdicts.c.number)).scalars().all()
        paid = connection.execute(select(attempts.c.paid_micro)).scalars().all()
        charged = connection.execute(select(attempts.c.charged_micro)).scalars().all()
    database.close()
    assert kinds[:2] == ["bootstrap", "promoted"]
    assert sum(paid) > 0
    assert sum(charged) > 0


def first(table: Table, **values: Any) -> Callable[[Connection], None]:
    """Change columns in the first row of a table that has something in all of them."""

    def act(connection: Connection) -> None:
        keys = list(table.primary_key)
        wanted = [table.c[name].is_not(None) for name in values]
        wanted += [table.c[name] != 0 for name in values if isinstance(table.c[name].type, Integer | Float)]
        row = connection.execute(select(table).where(*wanted).limit(1)).mappings().one()
        changed = {name: give(row[name]) for name, give in values.items()}
        same = [key == row[key.name] for key in keys]
        connection.execute(update(table).where(*same).values(**changed))

    return act


def body(change: Callable[[dict[str, Any]], None]) -> Callable[[Connection], None]:
    """Change the body of the promotion."""

    def act(connection: Connection) -> None:
        row = connection.execute(select(verdicts).where(verdicts.c.kind == "promoted")).mappings().first()
        assert row is not None
        found = dict(row["body"])
        change(found)
        connection.execute(update(verdicts).where(verdicts.c.id == row["id"]).values(body=found))

    return act


def plus_one(value: int) -> int:
    return value + 1


def flip(data: bytes) -> bytes:
    return data[:5] + bytes([data[5] ^ 1]) + data[6:]


def lower_scores(found: dict[str, Any]) -> None:
    found["gate_scores"][2] = [score - 1.0 for score in found["gate_scores"][2]]


def lift_gain(found: dict[str, Any]) -> None:
    found["pay_scores"][2][0] += 0.25


def lift_heldout(found: dict[str, Any]) -> None:
    found["heldout_after"][0] += 0.25


def favour(found: dict[str, Any]) -> None:
    found["lot"][0][2] += 1.0


def shift_start(found: dict[str, Any]) -> None:
    found["pooled_before"]["gain"] += 0.1


MUTATIONS = {
    "an entry's amount": (first(entries, amount_micro=plus_one), {"sum", "chain", "balance"}),
    "a balance": (first(accounts, balance_micro=plus_one), {"balance"}),
    "a transfer's memo": (first(transfers, created_us=plus_one), {"chain"}),
    "what an attempt was paid": (first(attempts, paid_micro=plus_one), {"payment"}),
    "what an attempt was charged": (first(attempts, charged_micro=lambda v: v - 1), {"charge"}),
    "a value": (first(attempts, value=lambda v: v + 0.001), {"lot", "value"}),
    "an action": (first(attempts, actions=flip), {"root"}),
    "an actor": (first(attempts, actors=flip), {"root"}),
    "the secret": (first(rounds, secret=lambda v: v[:-1] + ("0" if v[-1] != "0" else "1")), {"secret"}),
    "the commitment": (first(rounds, secret_commit=lambda v: v[::-1]), {"secret", "root"}),
    "the kind": (first(verdicts, round_id=lambda v: v, kind=lambda _: "kept"), {"decision", "chain"}),
    "the champion": (first(verdicts, champion_before=lambda v: v[::-1]), {"chain"}),
    "the campaign's sums": (first(campaigns, sum_gain=lambda v: v / 2), {"chain"}),
    "gate scores": (body(lower_scores), {"gate", "decision"}),
    "pay scores": (body(lift_gain), {"gain"}),
    "held-out scores": (body(lift_heldout), {"score"}),
    "the lot": (body(favour), {"lot", "payment"}),
    "the pool": (body(lambda found: found.update(pool_micro=found["pool_micro"] + 1)), {"payment"}),
    "the root": (body(lambda found: found.update(root="0" * 64)), {"root"}),
    "the sums before": (body(shift_start), {"chain", "pool"}),
    "the settings": (body(lambda found: found["config"].pop("gate")), {"form"}),
    "the tries": (body(lambda found: found.update(tries=found["tries"] + 1)), {"lot"}),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_whatever_is_changed_is_named(folder: Path, what: str) -> None:
    act, codes = MUTATIONS[what]
    change(folder, act)
    report = audit(folder)
    assert {fault.code for fault in report.faults} & codes
    assert "do not agree" in report.sentence()
    assert report.as_json()["ok"] is False


def test_an_attempt_that_nobody_will_judge_is_named(folder: Path) -> None:
    def act(connection: Connection) -> None:
        name = connection.execute(select(attempts.c.id).limit(1)).scalar_one()
        connection.execute(update(attempts).where(attempts.c.id == name).values(status="pending"))
        connection.execute(
            update(jobs).where(jobs.c.unique_key == f"arena.value:{name}").values(state="failed")
        )

    change(folder, act)
    assert {"lost", "stake"} <= {fault.code for fault in audit(folder).faults}


def test_scores_that_no_replay_gives_are_named_when_judged_again(folder: Path) -> None:
    """Figures that agree with each other, but not with what the policies do."""

    def lift_all(found: dict[str, Any]) -> None:
        found["gate_scores"] = [[score + 0.25 for score in row] for row in found["gate_scores"]]

    change(folder, body(lift_all))
    assert audit(folder).faults == []
    assert "gate" in {fault.code for fault in audit(folder, sample=10).faults}


def test_a_damaged_policy_is_named_when_judged_again(folder: Path) -> None:
    store = ContentStore(settings_in(folder).content)
    for cid in store:
        path = store.path(cid)
        path.write_bytes(flip(path.read_bytes()))
    assert "storage" in {fault.code for fault in audit(folder, sample=10).faults}


def published(database: Database) -> Callable[..., Any]:
    """What a server over the database would answer, without the network."""

    async def get(_session: Any, url: str, **query: str) -> Any:
        parts = url.split("/")
        with database.read() as connection:
            if parts[-1] == "campaigns":
                return {"campaigns": arena_api.list_campaigns(connection, now_us())}
            if parts[-1] == "verdicts":
                return arena_api.campaign_verdicts(connection, parts[-2], query.get("cursor"), 2)
            return arena_api.verdict_detail(connection, parts[-1])

    return get


def test_a_server_is_audited_by_what_it_publishes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(settings_in(folder).url)
    monkeypatch.setattr(remote_audit, "_get", published(database))
    report = remote_audit.audit("http://127.0.0.1:1")
    assert report.faults == []
    assert report.verdicts >= 2
    with database.write() as connection:
        body(lift_gain)(connection)
        first(rounds, secret=lambda v: v[::-1])(connection)
        first(attempts, paid_micro=plus_one)(connection)
    codes = {fault.code for fault in remote_audit.audit("http://127.0.0.1:1").faults}
    database.close()
    assert {"gain", "secret", "payment"} <= codes


def test_an_address_without_a_server_is_one_sentence() -> None:
    with pytest.raises(InputError, match="cannot be audited"):
        remote_audit.audit("http://127.0.0.1:1")
