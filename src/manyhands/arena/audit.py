"""Audits a data folder: the ledger, and every verdict against attempts, payments and its own figures.

What is stored is compared with what follows from it; a sample of verdicts is judged again from the attempts
on, which on the same machine and versions gives the same bits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from manyhands import ledger
from manyhands.arena.attempts import VALUE_JOB
from manyhands.arena.replaying import Replaying
from manyhands.arena.rounds import ROUND_JOB
from manyhands.arena.shelf import Shelf
from manyhands.judging import audit as judging
from manyhands.judging import payout
from manyhands.judging.audit import Fault
from manyhands.judging.records import attempt_root
from manyhands.storage.schema import (
    assignments,
    attempts,
    campaigns,
    entries,
    jobs,
    rounds,
    transfers,
    verdicts,
)
from manyhands.types import Json, Micro


@dataclass
class Report:
    """What was looked at and what does not agree."""

    transfers: int = 0
    accounts: int = 0
    attempts: int = 0
    verdicts: int = 0
    recomputed: int = 0
    races: int = 0
    driven: int = 0
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, where: str, message: str) -> None:
        """Note something that does not agree."""
        self.faults.append(Fault(code, where, message))

    def as_json(self) -> Json:
        """The report as plain data; `ok` says whether nothing was found."""
        return {"ok": not self.faults, **asdict(self)}

    def sentence(self) -> str:
        """One line for a person."""
        state = "all agree" if not self.faults else f"{len(self.faults)} do not agree"
        return (
            f"{self.transfers} transfers over {self.accounts} accounts, {self.attempts} attempts, "
            f"{self.verdicts} verdicts, {self.recomputed} of them judged again, {self.races} races, "
            f"{self.driven} of their drives driven again: {state}."
        )


def audit(shelf: Shelf, sample: int, seed: int = 0) -> Report:
    """Check everything in a data folder, and judge `sample` verdicts again, chosen by `seed`."""
    report = Report()
    with shelf.database.read() as connection:
        books = ledger.audit(connection)
        report.transfers, report.accounts = books.transfers, books.accounts
        report.faults += [Fault(fault.code, fault.where, fault.message) for fault in books.faults]
        settled = dict(_settled(connection))
        paid = dict(_paid(connection))
        for campaign in connection.execute(select(campaigns).order_by(campaigns.c.id)).mappings():
            rows = _attempts(connection, campaign["id"])
            report.attempts += len(rows)
            _check_attempts(report, rows, settled)
            _check_work(report, connection, campaign["id"])
            _check_histories(report, rows)
            listed = _verdicts(connection, campaign["id"])
            report.verdicts += len(listed)
            _check_campaign(report, dict(campaign), listed)
            for row in listed:
                _check_verdict(report, row, rows, paid)
            _check_payments(report, rows, paid)
    again = Replaying(shelf, seed)
    report.recomputed, faults = again.sample(sample)
    report.faults += faults
    return report


def _attempts(connection: Connection, campaign_id: str) -> dict[str, Json]:
    query = (
        select(attempts, assignments.c.start, assignments.c.champion_cid.label("assigned_cid"))
        .join(assignments, assignments.c.id == attempts.c.assignment_id)
        .where(attempts.c.campaign_id == campaign_id)
        .order_by(attempts.c.valued_us, attempts.c.id)
    )
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _verdicts(connection: Connection, campaign_id: str) -> list[Json]:
    query = (
        select(verdicts, rounds.c.secret, rounds.c.secret_commit, rounds.c.state.label("round_state"))
        .outerjoin(rounds, rounds.c.id == verdicts.c.round_id)
        .where(verdicts.c.campaign_id == campaign_id)
        .order_by(verdicts.c.number)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _settled(connection: Connection) -> Iterator[tuple[str, int]]:
    """(assignment, micro-credits charged) of every settled stake."""
    query = (
        select(transfers.c.memo, entries.c.amount_micro)
        .join(
            entries,
            (entries.c.transfer_number == transfers.c.number) & (entries.c.account == ledger.ISSUER),
            isouter=True,
        )
        .where(transfers.c.kind.in_(("charge", "return")))
    )
    for memo, amount in connection.execute(query):
        yield memo["assignment"], int(amount or 0)


def _paid(connection: Connection) -> Iterator[tuple[str, list[tuple[str, str, int]]]]:
    """(verdict, its payments as (attempt, player, micro-credits)) from the ledger."""
    for memo in connection.execute(select(transfers.c.memo).where(transfers.c.kind == "pay")).scalars():
        yield (
            memo["verdict"],
            [(attempt, player, int(amount)) for attempt, player, amount, _ in memo["payments"]],
        )


def _check_attempts(report: Report, rows: dict[str, Json], settled: dict[str, int]) -> None:
    """Each attempt's content is what was committed to, and its stake is settled once it is valued."""
    for name, row in rows.items():
        root = attempt_root(row["start"], row["champion_cid"], row["actions"], row["actors"], row["final"])
        if root != row["root"] or row["champion_cid"] != row["assigned_cid"]:
            report.fault("root", name, "Its content is not what was handed in.")
        if row["status"] == "pending":
            if row["assignment_id"] in settled:
                report.fault("stake", name, "Its stake is settled although nobody valued it.")
        elif row["stake_micro"] and settled.get(row["assignment_id"]) != row["charged_micro"]:
            report.fault(
                "charge",
                name,
                f"It is said to be charged {row['charged_micro']} micro-credits, the ledger says "
                f"{settled.get(row['assignment_id'])}.",
            )
        if (row["round_id"] is None) != (row["lot_number"] is None) or (
            row["paid_micro"] and not row["round_id"]
        ):
            report.fault("round", name, "It is in a lot or paid without being in a round.")


def _check_work(report: Report, connection: Connection, campaign_id: str) -> None:
    """Whatever waits to be judged has a job that still can be done."""
    waiting = (
        (VALUE_JOB, select(attempts.c.id).where(attempts.c.status == "pending"), attempts.c.campaign_id),
        (ROUND_JOB, select(rounds.c.id).where(rounds.c.state == "closed"), rounds.c.campaign_id),
    )
    for kind, query, campaign in waiting:
        for name in connection.execute(query.where(campaign == campaign_id)).scalars():
            key = f"{kind}:{name}"
            state = connection.execute(select(jobs.c.state).where(jobs.c.unique_key == key)).scalar()
            if state not in ("ready", "claimed"):
                report.fault("lost", name, f"It waits to be judged, but its job is {state or 'missing'}.")


def _check_histories(report: Report, rows: dict[str, Json]) -> None:
    """Charges follow from the values of a player's contributions in the order in which they were valued."""
    seen: dict[str, list[float]] = defaultdict(list)
    for name, row in rows.items():
        if row["round_id"] is None:
            continue
        values = seen[row["player_id"]]
        values.append(row["value"])
        recorded = (row["detail"] or {}).get("history", [])
        if recorded != values[-payout.HISTORY :]:
            report.fault("value", name, "The recorded history is not that of the player's values.")
        for code, message in judging.charges(
            row["stake_micro"], row["charged_micro"], row["value"], recorded
        ):
            report.fault(code, name, message)


def _check_campaign(report: Report, campaign: Json, listed: list[Json]) -> None:
    """Verdicts follow each other without gap, and the campaign stands where the last one left it."""
    champion, pooled = None, {"gain": 0.0, "variance": 0.0, "earned": 0.0}
    for expected, row in enumerate(listed, 1):
        where, body = row["id"], row["body"]
        if row["number"] != expected:
            report.fault("gap", where, f"It is number {row['number']}, {expected} would follow.")
        if row["champion_before"] != champion:
            report.fault("chain", where, "It does not begin with the champion of the verdict before.")
        champion = row["champion_after"]
        changed = row["kind"] in ("promoted", "control_promoted", "bootstrap")
        if not changed and champion != row["champion_before"]:
            report.fault("chain", where, f"A verdict of kind {row['kind']} changes the champion.")
        if row["kind"] == "bootstrap":
            continue
        if body.get("pooled_before") != pooled:
            report.fault("chain", where, "Its sums do not begin where the verdict before ended.")
        pooled = body.get("pooled_after", pooled)
    stands = (campaign["sum_gain"], campaign["sum_variance"], campaign["paid_fraction"])
    if listed and (campaign["champion_cid"], *stands) != (champion, *pooled.values()):
        report.fault("chain", campaign["id"], "The campaign does not stand where its last verdict left it.")


def _check_verdict(report: Report, row: Json, rows: dict[str, Json], paid: dict[str, Any]) -> None:
    """A verdict's seeds, figures and payments."""
    if row["kind"] == "bootstrap":
        return
    where, body = row["id"], row["body"]
    roots = [a["root"] for a in rows.values() if a["round_id"] == row["round_id"]]
    found = judging.verdict(row["kind"], body)
    found += judging.commitment(row["secret"], row["secret_commit"], body.get("root"), roots)
    if row["secret_commit"] != body.get("secret_commit") or row["round_id"] != body.get("round_id"):
        found.append(("root", "It names another round than its own."))
    if row["round_state"] != "judged":
        found.append(("round", "Its round does not count as judged."))
    for name, player, value in body.get("lot", []):
        stored = rows.get(name)
        if stored is None or (stored["player_id"], stored["value"]) != (player, value):
            found.append(("lot", f"It lists {name} with another player or value than the attempt has."))
    found += _payments(row, paid.get(where, []))
    for code, message in found:
        report.fault(code, where, message)


def _payments(row: Json, paid: list[tuple[str, str, int]]) -> Iterator[tuple[str, str]]:
    body = row["body"]
    pool = body.get("pool_micro", 0)
    if not pool and not paid:
        return
    claims = zip(body.get("lot", []), judging.lot_weights(body) if body.get("lot") else [], strict=True)
    useful = [(name, player, weight) for (name, player, _), weight in claims if weight > 0.0]
    if not useful or pool <= 0:
        yield "payment", "It pays without a lot or a pool."
        return
    shares = ledger.split(Micro(pool), [weight for _, _, weight in useful])
    owed = [(name, player, int(share)) for (name, player, _), share in zip(useful, shares, strict=True)]
    if owed != paid:
        yield "payment", "The payments in the ledger are not its pool split by the values of its lot."


def _check_payments(report: Report, rows: dict[str, Json], paid: dict[str, Any]) -> None:
    """What an attempt is said to be paid is what the ledger paid for it."""
    total: dict[str, int] = defaultdict(int)
    for payments in paid.values():
        for attempt, _, amount in payments:
            total[attempt] += amount
    for name, row in rows.items():
        if total[name] != row["paid_micro"]:
            report.fault(
                "payment",
                name,
                f"It is said to be paid {row['paid_micro']} micro-credits, the ledger paid {total[name]}.",
            )
