"""The trainer: first champions and rounds."""

from __future__ import annotations

import base64

import jax
import numpy as np
from sqlalchemy import Connection, bindparam, insert, select, update

from manyhands import jobs
from manyhands.arena import gauges, rounds, scout, verdicts
from manyhands.arena.campaigns import BOOTSTRAP_JOB
from manyhands.arena.lots import Lots
from manyhands.arena.rounds import ROUND_JOB
from manyhands.arena.shelf import Shelf
from manyhands.judging import bootstrap, seeds, starts
from manyhands.judging import round as judging
from manyhands.judging.course import interval
from manyhands.judging.round import RoundConfig
from manyhands.policies.network import NetworkSpec, Params
from manyhands.storage import events
from manyhands.storage.schema import attempts, campaigns, policies
from manyhands.storage.schema import rounds as round_table
from manyhands.types import CampaignId, Json, now_us

# Asked ten times a second, so composed once.
_OPENED = (
    select(campaigns.c.id, campaigns.c.champion_cid)
    .where(campaigns.c.state == "open", campaigns.c.id.not_in(bindparam("warmed", expanding=True)))
    .limit(1)
)


class Trainer:
    """One trainer process's work and what it keeps in memory."""

    def __init__(self, shelf: Shelf, name: str, config: RoundConfig | None = None) -> None:
        self._shelf = shelf
        self._database = shelf.database
        self._lots = Lots(shelf)
        self._config = config or RoundConfig()
        self._warmed: set[str] = set()
        settings = shelf.settings
        self._terms = jobs.WorkerTerms(name=name, lease_s=settings.lease_s, poll_s=settings.poll_s)
        self._duties = jobs.Duties({ROUND_JOB: self._judge_round, BOOTSTRAP_JOB: self._bootstrap})

    def step(self) -> bool:
        """Do one job, or compile for one campaign; returns False if there was nothing to do."""
        return jobs.run_one(self._database, self._duties, self._terms) or self._warm()

    def _warm(self) -> bool:
        """Compile the gate for one open campaign, so that its first round does not wait for it."""
        with self._database.read() as connection:
            row = connection.execute(_OPENED, {"warmed": list(self._warmed)}).one_or_none()
        if row is None:
            return False
        self._warmed.add(row.id)
        course, policy = self._shelf.course(row.id), self._shelf.policy(row.champion_cid)
        for count in {self._config.gate.block, self._config.pay_starts}:
            course.gate_scores(policy.network, [policy.params], jax.random.key(0), count)
        return True

    # ── rounds ──────────────────────────────────────────────────────────────────────────────────────

    def _judge_round(self, context: jobs.Context) -> None:
        round_id = context.job.payload["round_id"]
        with self._database.read() as connection:
            row = connection.execute(select(round_table).where(round_table.c.id == round_id)).one()
            roots = connection.execute(
                select(attempts.c.root).where(attempts.c.round_id == round_id)
            ).scalars()
            root = seeds.round_root(roots)
        loaded = self._lots.load(row.campaign_id, row.number, self._config.learned)
        course = self._shelf.course(row.campaign_id)
        outcome = judging.judge(course, loaded.standing, self._config, root, row.secret)
        context.check()
        cid, ready = loaded.campaign["champion_cid"], []
        if outcome.champion is not None:
            spec = loaded.standing.network
            cid = self._store(row.campaign_id, spec, outcome.champion)
            key = seeds.key(root, row.secret, "starts")
            ready = starts.failing(course, spec, outcome.champion, key, scout.AT_ONCE)
        seed = {"round_id": round_id, "root": root, "secret_commit": row.secret_commit}
        record = verdicts.body(loaded, outcome, self._config, seed)
        with context.outcome({}) as connection:
            now = now_us()
            verdicts.carry_out(connection, loaded, outcome, record, cid, now)
            scout.put_starts(connection, row.campaign_id, cid, ready)

    def _store(self, campaign_id: str, spec: NetworkSpec, params: Params) -> str:
        """Write a champion's file and return its CID."""
        return self._shelf.content.put(self._shelf.policy_file(campaign_id, spec, params))

    # ── first champions ─────────────────────────────────────────────────────────────────────────────

    def _bootstrap(self, context: jobs.Context) -> None:
        campaign_id = context.job.campaign_id
        if campaign_id is None:
            raise ValueError("A bootstrap job names its campaign.")
        with self._database.read() as connection:
            query = select(campaigns).where(campaigns.c.id == campaign_id)
            campaign = dict(connection.execute(query).mappings().one())
        if campaign["state"] != "warming":
            return  # closed while it waited
        self._tell(context, campaign_id, 0.1, "building the tracks")
        course = self._shelf.course(campaign_id)
        key = jax.random.key(int.from_bytes(campaign_id.encode()[-4:], "big") ^ self._shelf.settings.seed)
        drive = bootstrap.demonstrate(course, key)
        blank = self._store(campaign_id, drive.network, drive.blank)
        for seeding in bootstrap.shorter(drive):
            body: Json = {"seed": _plain_seed(seeding, blank)}
            self._tell(context, campaign_id, 0.3, "teaching the first champion")
            champion = bootstrap.teach(seeding, self._lots.seed_samples(campaign_id, body))
            cid = self._store(campaign_id, seeding.network, champion)
            self._tell(context, campaign_id, 0.6, "measuring it")
            score, low, high = interval(self._lots.heldout(campaign_id, cid))
            if score <= bootstrap.HIGHEST:
                break
        ready = starts.failing(course, seeding.network, champion, jax.random.fold_in(key, 1), scout.AT_ONCE)
        self._tell(context, campaign_id, 0.9, "opening")
        scores = {"score_low": low, "score_high": high}
        record = body | scores | {"score_before": None, "score_after": score, "contributions": 0}
        with context.outcome({}) as connection:
            now = now_us()
            verdict = verdicts.write(connection, campaign_id, record, "bootstrap", (None, cid), now)
            for name, kind, figures in (
                (blank, "seed", {}),
                (cid, "seed", {"score": score, "low": low, "high": high}),
            ):
                connection.execute(
                    insert(policies).values(
                        cid=name,
                        campaign_id=campaign_id,
                        kind=kind,
                        verdict_id=verdict,
                        created_us=now,
                        **figures,
                    )
                )
            scout.put_starts(connection, campaign_id, cid, ready)
            rounds.open_round(connection, campaign_id, now)
            self._open(
                connection, campaign, scores | {"champion_cid": cid, "score_first": score, "score_now": score}
            )
            connection.execute(
                update(campaigns)
                .where(campaigns.c.id == campaign_id)
                .values(reference_score=course.heldout_unit)
            )

    def _open(self, connection: Connection, campaign: Json, changed: Json) -> None:
        """Open a campaign that was warming; one that its funder has closed meanwhile stays as it is."""
        campaign_id = CampaignId(campaign["id"])
        state = connection.execute(
            select(campaigns.c.state).where(campaigns.c.id == campaign_id)
        ).scalar_one()
        if state == "warming":
            changed = changed | {"state": "open"}
            payload = {"campaign_id": campaign_id, "state": "open"}
            events.append(connection, events.campaign_audience(campaign_id), "campaign", payload, now_us())
        connection.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(**changed))

    def _tell(self, context: jobs.Context, campaign_id: str, progress: float, note: str) -> None:
        """Say how far a bootstrap is.

        Raises:
            LeaseLostError, JobCancelledError: if it should stop, as the campaign was closed.
        """
        context.report(progress, note)
        with self._database.touch() as connection:
            gauges.set_gauge(connection, f"{gauges.WARMUP}{campaign_id}", progress, note, now_us())


def _plain_seed(seeding: bootstrap.Seeding, champion: str) -> Json:
    attempt = seeding.attempt
    return {
        "champion": champion,
        "start": attempt.start,
        "ticks": attempt.ticks,
        "actions": base64.b64encode(np.ascontiguousarray(attempt.actions).tobytes()).decode(),
        "final": attempt.final,
        "seed_ticks": seeding.seed_ticks,
    }
