"""Audits a running server from outside: derives its verdicts' decisions again from what it publishes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import aiohttp

from manyhands import ledger
from manyhands.arena.audit import Report
from manyhands.errors import InputError
from manyhands.judging import audit as judging
from manyhands.judging import seeds
from manyhands.types import Json, Micro

_PATIENCE = aiohttp.ClientTimeout(connect=30.0, sock_read=30.0)


def audit(url: str) -> Report:
    """Check every verdict that the server at `url` shows. Raises InputError where it does not answer."""
    try:
        return asyncio.run(_audit(url.rstrip("/")))
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        raise InputError(
            f"{url} cannot be audited: {type(error).__name__} {error}.",
            field="url",
            remedy="Give the address that `manyhands up` prints.",
        ) from error


async def _audit(site: str) -> Report:
    report = Report()
    # An auditor may sit behind a proxy.
    async with aiohttp.ClientSession(timeout=_PATIENCE, trust_env=True) as session:
        for campaign in (await _get(session, f"{site}/api/campaigns"))["campaigns"]:
            rows = [row async for row in _verdicts(session, site, campaign["id"])]
            for row in sorted(rows, key=lambda row: row["number"]):
                report.verdicts += 1
                for code, message in _check(row):
                    report.fault(code, row["id"], message)
    return report


async def _get(session: aiohttp.ClientSession, url: str, **query: str) -> Json:
    async with session.get(url, params=query, raise_for_status=True) as answer:
        found: Json = json.loads(await answer.read())
        return found


async def _verdicts(session: aiohttp.ClientSession, site: str, campaign_id: str) -> AsyncIterator[Json]:
    cursor = ""
    while True:
        page = await _get(
            session,
            f"{site}/api/campaigns/{campaign_id}/verdicts",
            **({"cursor": cursor} if cursor else {}),
        )
        for summary in page["verdicts"]:
            yield await _get(session, f"{site}/api/verdicts/{summary['id']}")
        cursor = page["next_cursor"]
        if not cursor:
            return


def _check(row: Json) -> Iterator[tuple[str, str]]:
    if row["kind"] == "bootstrap":
        return
    body = row["body"]
    yield from judging.verdict(row["kind"], body)
    try:
        kept = seeds.commitment(row["secret"]) == row["secret_commit"] == body["secret_commit"]
    except (KeyError, TypeError, ValueError):
        kept = False
    if not kept:
        yield "secret", "Its secret is not the one that was committed to."
    if body.get("pool_micro"):
        pairs = zip(body["lot"], judging.lot_weights(body), strict=True)
        useful = [(name, weight) for (name, _, _), weight in pairs if weight > 0.0]
        shares = ledger.split(Micro(body["pool_micro"]), [weight for _, weight in useful])
        owed = {name: int(share) for (name, _), share in zip(useful, shares, strict=True)}
        paid = {entry["attempt_id"]: entry["paid_micro"] for entry in row["entries"] if entry["paid_micro"]}
        if paid != {name: share for name, share in owed.items() if share}:
            yield "payment", "Its payments are not its pool split by the values of its lot."
