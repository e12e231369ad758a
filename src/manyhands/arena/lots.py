"""From stored attempts to the judge's standing: what is old, what is in the lot, and the samples of both.

Samples are not stored: the replay makes them again when a process needs them, which keeps them while it runs.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, bindparam, select

from manyhands import ledger
from manyhands.arena.shelf import Shelf, record
from manyhands.judging import round as judging
from manyhands.judging import value as valuing
from manyhands.judging.payout import Pooled
from manyhands.judging.records import Attempt
from manyhands.judging.round import Entry, Standing
from manyhands.learners import reaction
from manyhands.learners.reaction import Drive
from manyhands.learners.samples import Samples
from manyhands.storage.schema import assignments, attempts, campaigns, rounds, verdicts
from manyhands.types import Json

_IN_LOT = (
    select(attempts.c.id, attempts.c.player_id, attempts.c.value)
    .join(rounds, rounds.c.id == attempts.c.round_id)
    .where(
        attempts.c.campaign_id == bindparam("campaign"),
        attempts.c.lot_number == bindparam("lot"),
        rounds.c.number <= bindparam("round"),
        attempts.c.withdrawn_us.is_(None),
    )
    .order_by(attempts.c.received_us, attempts.c.id)
)
_PAID = select(attempts.c.id).where(
    attempts.c.campaign_id == bindparam("campaign"),
    attempts.c.lot_number < bindparam("lot"),
    attempts.c.paid_micro > 0,
    attempts.c.withdrawn_us.is_(None),
)
_DRIVES = (
    select(attempts, assignments.c.start)
    .join(assignments, assignments.c.id == attempts.c.assignment_id)
    .where(attempts.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(attempts.c.received_us, attempts.c.id)
)


@dataclass(frozen=True)
class Loaded:
    """A standing with the ids that a verdict names.

    lot: all attempts of the lot; old: older ones that are learned from, in the order of their samples.
    """

    campaign: Json
    standing: Standing
    lot: tuple[str, ...]
    old: tuple[str, ...]


class Lots:
    """Loads standings for the trainer; keeps the drives of each campaign's last one."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._drives: dict[str, dict[str, Drive]] = {}  # by campaign and attempt
        self._seeds: dict[str, Samples] = {}
        self._heldout: dict[tuple[str, str], np.ndarray] = {}

    def load(self, campaign_id: str, round_number: int, most: int) -> Loaded:
        """The campaign as it stands, with the contributions of rounds up to this one.

        most: contributions of the lot, and as many older ones, that are learned from.
        """
        with self._shelf.database.read() as connection:
            campaign = dict(
                connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).mappings().one()
            )
            here = {"campaign": campaign_id, "lot": campaign["lot_number"]}
            lot = connection.execute(_IN_LOT, here | {"round": round_number}).all()
            learned = judging.learned_from([(row.id, row.player_id, row.value) for row in lot], most)
            paid = set(judging.drawn(connection.execute(_PAID, here).scalars(), most))
            found = connection.execute(_DRIVES, {"ids": [*learned, *paid]}).mappings()
            rows = {row["id"]: dict(row) for row in found}
            seed = self.seed(connection, campaign_id)
            escrow = ledger.balance(connection, ledger.escrow(campaign["id"]))
        old_ids = tuple(name for name in rows if name in paid)
        lot_ids = tuple(row.id for row in lot)
        # An audit knows these lists, and a reaction time depends on their order.
        samples = self.replay([rows[name] for name in (*lot_ids, *old_ids) if name in rows])
        policy = self._shelf.policy(campaign["champion_cid"])
        old = [seed, *(samples[name] for name in old_ids)]
        standing = Standing(
            network=policy.network,
            champion=policy.params,
            heldout=self.heldout(campaign_id, campaign["champion_cid"]),
            old=Samples.concatenate(old, policy.network.features, policy.network.actions),
            lot=tuple(Entry(row.id, row.player_id, row.value, samples.get(row.id)) for row in lot),
            tries=campaign["lot_tries"],
            tried_size=campaign["lot_tried_size"],
            pooled=Pooled(campaign["sum_gain"], campaign["sum_variance"], campaign["paid_fraction"]),
            escrow_micro=escrow,
            first_score=campaign["score_first"],
            target_score=campaign["target_score"],
        )
        return Loaded(campaign, standing, lot_ids, old_ids)

    def heldout(self, campaign_id: str, cid: str) -> np.ndarray:
        """Scores of a champion on the standing held-out starts."""
        key = (campaign_id, cid)
        if key not in self._heldout:
            policy = self._shelf.policy(cid)
            course = self._shelf.course(campaign_id)
            self._heldout[key] = course.heldout_scores(policy.network, policy.params)
        return self._heldout[key]

    def seed(self, connection: Connection, campaign_id: str) -> Samples:
        """The demonstration that taught the first champion, replayed from the bootstrap verdict."""
        if campaign_id not in self._seeds:
            body = connection.execute(
                select(verdicts.c.body).where(
                    verdicts.c.campaign_id == campaign_id, verdicts.c.kind == "bootstrap"
                )
            ).scalar_one()
            self._seeds[campaign_id] = self.seed_samples(campaign_id, body)
        return self._seeds[campaign_id]

    def seed_samples(self, campaign_id: str, body: Json) -> Samples:
        """Samples of the demonstration in a bootstrap verdict's body: its first `seed_ticks` ticks.

        Raises RuntimeError where it does not replay, which means that the rules have changed since.
        """
        given = body["seed"]
        attempt = demonstration(given)
        policy = self._shelf.policy(given["champion"])
        course = self._shelf.course(campaign_id)
        [valued] = valuing.value(course.play, policy.network, policy.params, [attempt])
        if valued.samples is None:
            raise RuntimeError(f"The seed demonstration of {campaign_id} does not replay: {valued.refusal}")
        return valued.samples.first(given["seed_ticks"])

    def replay(self, rows: list[Json]) -> dict[str, Samples]:
        """Samples of attempts by id, each player's shifted by the reaction time that all of its rows show.

        rows: of one campaign, with their `start`. What is not in memory is replayed, and what is in memory
        for the campaign and not among the rows is forgotten.
        """
        if not rows:
            return {}
        campaign_id = rows[0]["campaign_id"]
        kept, play = self._drives.get(campaign_id, {}), self._shelf.course(campaign_id).play
        by_champion: dict[str, list[Json]] = {}
        for row in rows:
            if row["id"] not in kept:
                by_champion.setdefault(row["champion_cid"], []).append(row)
        for cid, group in by_champion.items():
            policy = self._shelf.policy(cid)
            records = [record(row) for row in group]
            kept = kept | valuing.drives(play, policy.network, policy.params, records)
        drives = self._drives[campaign_id] = {row["id"]: kept[row["id"]] for row in rows}
        by_player: dict[str, list[Drive]] = {}
        for row in rows:
            by_player.setdefault(row["player_id"], []).append(drives[row["id"]])
        lags = {player: reaction.estimate(drives) for player, drives in by_player.items()}
        return {row["id"]: drives[row["id"]].samples(lags[row["player_id"]]) for row in rows}


def demonstration(given: Json) -> Attempt:
    """The seed demonstration as a record; `given` is the `seed` of a bootstrap verdict's body."""
    actions = np.frombuffer(base64.b64decode(given["actions"]), np.int8).reshape(given["ticks"], -1)
    actors = np.ones(given["ticks"], np.uint8)
    return Attempt("seed", "", given["champion"], given["start"], actions, actors, given["final"])
