"""Audits a running server from outside: derives its verdicts' decisions again from what it publishes."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from manyhands import ledger
from manyhands.arena.audit import Report
from manyhands.errors import InputError
from manyhands.judging import audit as judging
from manyhands.judging import seeds
from manyhands.types import Json, Micro

TIMEOUT_S = 30.0


def audit(url: str) -> Report:
    """Check every verdict that the server at `url` shows. Raises InputError where it does not answer."""
    report = Report()
    try:
        with httpx.Client(base_url=url.rstrip("/"), timeout=TIMEOUT_S, follow_redirects=True) as client:
            for campaign in _get(client, "/api/campaigns")["campaigns"]:
                for row in sorted(_verdicts(client, campaign["id"]), key=lambda row: row["number"]):
                    report.verdicts += 1
                    for code, message in _check(row):
                        report.fault(code, row["id"], message)
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise InputError(
            f"{url} cannot be audited: {type(error).__name__} {error}.",
            field="url",
            remedy="Give the address that `manyhands up` prints.",
        ) from error
    return report


def _get(client: httpx.Client, path: str, **query: str) -> Json:
    answer = client.get(path, params=query)
    answer.raise_for_status()
    found: Json = answer.json()
    return found


def _verdicts(client: httpx.Client, campaign_id: str) -> Iterator[Json]:
    cursor = ""
    while True:
        page = _get(
            client, f"/api/campaigns/{campaign_id}/verdicts", **({"cursor": cursor} if cursor else {})
        )
        for summary in page["verdicts"]:
            yield _get(client, f"/api/verdicts/{summary['id']}")
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
