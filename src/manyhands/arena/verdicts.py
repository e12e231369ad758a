"""Verdicts: what a round decided, written down so that anyone can check it, and carried out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, func, insert, select, update

from manyhands import ledger
from manyhands.arena.lots import Loaded
from manyhands.errors import TransitionError
from manyhands.judging import round as judging
from manyhands.judging.course import Z_95, interval
from manyhands.judging.round import Outcome, RoundConfig
from manyhands.ledger import Claim
from manyhands.storage import events
from manyhands.storage.schema import attempts, campaigns, policies, rounds, verdicts
from manyhands.types import AttemptId, CampaignId, Json, Micro, Micros, PlayerId, VerdictId, new_verdict_id


def body(loaded: Loaded, outcome: Outcome, config: RoundConfig, seed: Json) -> Json:
    """Everything needed to recompute a verdict: ids, values, seeds, settings, scores of every start."""
    standing = loaded.standing
    before = interval(standing.heldout)
    after = before if outcome.heldout is None else interval(outcome.heldout)
    reach = Z_95 * float(np.sqrt(outcome.variance))
    promoted = outcome.kind == "promoted"
    tried = outcome.gate_scores.shape[1] > 0
    # A round that only waited repeats no lists: its decision follows from the lot's values in `attempts`.
    evidence = _evidence(loaded, outcome) if tried else {}
    return {
        **seed,
        "config": asdict(config),
        "score_before": before[0],
        "score_after": after[0],
        "score_low": after[1],
        "score_high": after[2],
        "gain": outcome.gain if promoted else None,
        "gain_low": outcome.gain - reach if promoted else None,
        "gain_high": outcome.gain + reach if promoted else None,
        "variance": outcome.variance,
        "pool_micro": outcome.pool_micro,
        "pooled_before": asdict(standing.pooled),
        "pooled_after": asdict(outcome.pooled),
        "escrow_micro": standing.escrow_micro,
        "first_score": standing.first_score,
        "target_score": standing.target_score,
        "lot_number": loaded.campaign["lot_number"],
        "tries_before": standing.tries,
        "tries": outcome.tries,
        "tried_size_before": standing.tried_size,
        "tried_size": outcome.tried_size,
        "contributions": len(loaded.lot),
        "sentence": outcome.reason,
        **evidence,
    }


def _evidence(loaded: Loaded, outcome: Outcome) -> Json:
    return {
        "lot": [[entry.attempt, entry.player, entry.value] for entry in loaded.standing.lot],
        "old": list(loaded.old),
        "excluded": list(outcome.excluded),
        "gate_scores": outcome.gate_scores.tolist(),
        "pay_scores": outcome.pay_scores.tolist(),
        "heldout_before": loaded.standing.heldout.tolist(),
        "heldout_after": None if outcome.heldout is None else outcome.heldout.tolist(),
    }


def carry_out(
    connection: Connection, loaded: Loaded, outcome: Outcome, record: Json, champion_cid: str, now: Micros
) -> VerdictId:
    """Write a round's verdict and do what it says, in one transaction: payments, champion, lot, events.

    Raises TransitionError when the campaign has moved on since it was loaded; the round is then judged again.
    """
    campaign = loaded.campaign
    _check_unmoved(connection, campaign)
    verdict = write(
        connection, campaign["id"], record, outcome.kind, (campaign["champion_cid"], champion_cid), now
    )
    charged = connection.execute(
        select(func.coalesce(func.sum(attempts.c.charged_micro), 0)).where(
            attempts.c.round_id == record["round_id"]
        )
    ).scalar_one()
    record["charged_micro"] = int(charged)
    connection.execute(update(verdicts).where(verdicts.c.id == verdict).values(body=record))
    changed: dict[str, Any] = {"lot_tries": outcome.tries, "lot_tried_size": outcome.tried_size}
    if outcome.champion is not None:
        changed |= _promote(connection, campaign, record, champion_cid, verdict, outcome.kind, now)
    if outcome.kind == "promoted":
        changed |= _pay(connection, loaded, outcome, verdict, now)
    connection.execute(update(campaigns).where(campaigns.c.id == campaign["id"]).values(**changed))
    _end_round(connection, record["round_id"], verdict, now)
    return verdict


def _check_unmoved(connection: Connection, campaign: Json) -> None:
    row = connection.execute(
        select(campaigns.c.champion_cid, campaigns.c.lot_number, campaigns.c.lot_tries).where(
            campaigns.c.id == campaign["id"]
        )
    ).one()
    if tuple(row) != (campaign["champion_cid"], campaign["lot_number"], campaign["lot_tries"]):
        raise TransitionError(f"Campaign {campaign['id']} moved on while its round was judged.")


def write(
    connection: Connection,
    campaign_id: str,
    record: Json,
    kind: str,
    champions: tuple[str | None, str],
    now: Micros,
) -> VerdictId:
    """Append a verdict to a campaign's list and announce it. champions: CID before and after."""
    last = connection.execute(
        select(func.max(verdicts.c.number)).where(verdicts.c.campaign_id == campaign_id)
    ).scalar()
    verdict, number = new_verdict_id(), (last or 0) + 1
    connection.execute(
        insert(verdicts).values(
            id=verdict,
            campaign_id=campaign_id,
            round_id=record.get("round_id"),
            number=number,
            kind=kind,
            champion_before=champions[0],
            champion_after=champions[1],
            body=record,
            created_us=now,
        )
    )
    payload = {"campaign_id": campaign_id, "verdict_id": verdict, "number": number, "kind": kind}
    events.append(connection, events.campaign_audience(CampaignId(campaign_id)), "verdict", payload, now)
    return verdict


def _promote(
    connection: Connection, campaign: Json, record: Json, cid: str, verdict: str, kind: str, now: Micros
) -> Json:
    score, low, high = record["score_after"], record["score_low"], record["score_high"]
    known = connection.execute(
        select(policies.c.cid).where(policies.c.cid == cid, policies.c.campaign_id == campaign["id"])
    ).first()
    if known is None:
        connection.execute(
            insert(policies).values(
                cid=cid,
                campaign_id=campaign["id"],
                parent_cid=campaign["champion_cid"],
                kind="control" if kind == "control_promoted" else "candidate",
                score=score,
                low=low,
                high=high,
                verdict_id=verdict,
                created_us=now,
            )
        )
    return {"champion_cid": cid, "score_now": score, "score_low": low, "score_high": high}


def _pay(connection: Connection, loaded: Loaded, outcome: Outcome, verdict: VerdictId, now: Micros) -> Json:
    """Pay the lot; where the bound did not rise it stays open for the next promotion to pay."""
    pooled = outcome.pooled
    sums: Json = {
        "sum_gain": pooled.gain,
        "sum_variance": pooled.variance,
        "paid_fraction": pooled.earned,
        "lot_tries": 0,
    }
    if not outcome.pool_micro:
        return sums
    campaign, lot = loaded.campaign, loaded.standing.lot
    claims = [
        Claim(AttemptId(entry.attempt), PlayerId(entry.player), weight)
        for entry, weight in zip(lot, judging.weights(lot, outcome.excluded), strict=True)
        if weight > 0.0
    ]
    payments = ledger.pay_lot(
        connection,
        campaign["id"],
        verdict,
        Micro(outcome.pool_micro),
        claims,
        now,
        withdrawable=campaign["withdrawable"],
    )
    connection.execute(
        update(attempts).where(attempts.c.id == bindparam("of")).values(paid_micro=bindparam("paid")),
        [{"of": payment.attempt, "paid": payment.amount_micro} for payment in payments],
    )
    players = sorted({payment.player for payment in payments})
    told: list[tuple[str, str, Json]] = [(events.player_audience(one), "balance", {}) for one in players]
    events.append_all(connection, told, now)
    _carry_over(connection, loaded)
    return sums | {"lot_number": campaign["lot_number"] + 1, "lot_tried_size": 0}


def _carry_over(connection: Connection, loaded: Loaded) -> None:
    """Put contributions that entered the lot while it was judged into the next one: this one is paid."""
    number = loaded.campaign["lot_number"]
    mine = (attempts.c.campaign_id == loaded.campaign["id"]) & (attempts.c.lot_number == number)
    inside = set(connection.execute(select(attempts.c.id).where(mine)).scalars())
    late = sorted(inside.difference(loaded.lot))
    if late:
        connection.execute(
            update(attempts).where(attempts.c.id == bindparam("late")).values(lot_number=number + 1),
            [{"late": attempt} for attempt in late],
        )


def _end_round(connection: Connection, round_id: str, verdict: str, now: Micros) -> None:
    connection.execute(
        update(attempts)
        .where(attempts.c.round_id == round_id, attempts.c.status == "valued")
        .values(status="judged", judged_us=now)
    )
    connection.execute(
        update(rounds)
        .where(rounds.c.id == round_id)
        .values(state="judged", judged_us=now, verdict_id=verdict)
    )
