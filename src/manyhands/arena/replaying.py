"""Judges past verdicts again, from the attempts on, and compares every bit with what was recorded then."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
from sqlalchemy import select

from manyhands.arena.lots import Lots
from manyhands.arena.shelf import Shelf, record
from manyhands.errors import ManyhandsError
from manyhands.judging import audit as judging
from manyhands.judging import round as rounding
from manyhands.judging import value as valuing
from manyhands.judging.audit import Fault
from manyhands.judging.payout import Pooled
from manyhands.judging.round import Entry, Outcome, Standing
from manyhands.learners.samples import Samples
from manyhands.storage.content import content_id
from manyhands.storage.schema import assignments, attempts, rounds, verdicts
from manyhands.types import Json


class Replaying:
    """Recomputes a sample of verdicts; `seed` chooses which."""

    def __init__(self, shelf: Shelf, seed: int) -> None:
        self._shelf = shelf
        self._lots = Lots(shelf)
        self._random = random.Random(seed)

    def sample(self, count: int) -> tuple[int, list[Fault]]:
        """Judge up to `count` tried verdicts again; returns how many, and the faults."""
        query = (
            select(verdicts, rounds.c.secret)
            .join(rounds, rounds.c.id == verdicts.c.round_id)
            .order_by(verdicts.c.campaign_id, verdicts.c.number)
        )
        with self._shelf.database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        tried = [row for row in rows if row["body"].get("gate_scores")]
        chosen = self._random.sample(tried, min(count, len(tried)))
        faults: list[Fault] = []
        for row in chosen:
            faults += [Fault(code, row["id"], message) for code, message in self._again(row)]
        return len(chosen), faults

    def _again(self, row: Json) -> list[tuple[str, str]]:
        try:
            config = judging.config_of(row["body"]["config"])
            standing, faults = self._standing(row, config.learned)
            course = self._shelf.course(row["campaign_id"])
            outcome = rounding.judge(course, standing, config, row["body"]["root"], row["secret"])
        except ManyhandsError as error:
            return [("storage", f"It cannot be judged again: {error.sentence()}")]
        except (KeyError, TypeError, ValueError) as error:
            return [("form", f"It cannot be judged again: {type(error).__name__} {error}.")]
        return faults + self._differences(row, outcome)

    def _standing(self, row: Json, most: int) -> tuple[Standing, list[tuple[str, str]]]:
        """The campaign as it stood, from attempts alone, and where their values differ from the lot's.

        most: contributions of the lot that were learned from.
        """
        body, campaign_id = row["body"], row["campaign_id"]
        learned = set(rounding.learned_from([tuple(entry) for entry in body["lot"]], most))
        names = [name for name, _, _ in body["lot"] if name in learned]
        with self._shelf.database.read() as connection:
            query = (
                select(attempts, assignments.c.start)
                .join(assignments, assignments.c.id == attempts.c.assignment_id)
                .where(attempts.c.campaign_id == campaign_id)
            )
            found = {item["id"]: dict(item) for item in connection.execute(query).mappings()}
            seed = self._lots.seed(connection, campaign_id)
        samples = self._lots.replay([found[name] for name in [*names, *body["old"]]])
        policy = self._shelf.policy(row["champion_before"])
        heldout = self._lots.heldout(campaign_id, row["champion_before"])
        faults = self._values(body["lot"], found)
        if heldout.tolist() != body["heldout_before"]:
            faults.append(("score", "The champion before it drives the standing starts differently."))
        old = [seed, *(samples[name] for name in body["old"])]
        standing = Standing(
            network=policy.network,
            champion=policy.params,
            heldout=heldout,
            old=Samples.concatenate(old, policy.network.features, policy.network.actions),
            lot=tuple(Entry(name, player, value, samples.get(name)) for name, player, value in body["lot"]),
            tries=body["tries_before"],
            tried_size=body["tried_size_before"],
            pooled=Pooled(**body["pooled_before"]),
            escrow_micro=body["escrow_micro"],
            first_score=body["first_score"],
            target_score=body["target_score"],
        )
        return standing, faults

    def _values(self, lot: list[list[object]], found: dict[str, Json]) -> list[tuple[str, str]]:
        """Lot entries whose replay does not give the value that was recorded."""
        grouped: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for name, _, _ in lot:
            row = found[str(name)]
            grouped[row["campaign_id"], row["champion_cid"]].append(row)
        values = {}
        for (campaign_id, cid), group in grouped.items():
            play, policy = self._shelf.course(campaign_id).play, self._shelf.policy(cid)
            for valued in valuing.value(play, policy.network, policy.params, [record(row) for row in group]):
                values[valued.attempt] = valued.refusal or valued.value
        return [
            ("value", f"The replay of {name} gives {values[str(name)]}, it was valued {value}.")
            for name, _, value in lot
            if values[str(name)] != value
        ]

    def _differences(self, row: Json, outcome: Outcome) -> list[tuple[str, str]]:
        body = row["body"]
        found: list[tuple[str, str]] = []
        if outcome.kind != row["kind"]:
            found.append(("decision", f"Judged again it is {outcome.kind}, it was {row['kind']}."))
        heldout = None if outcome.heldout is None else outcome.heldout.tolist()
        compared = (
            ("gate", "gate scores", outcome.gate_scores.tolist(), body["gate_scores"]),
            ("gain", "scores that measure its gain", outcome.pay_scores.tolist(), body["pay_scores"]),
            ("score", "scores on the standing starts", heldout, body["heldout_after"]),
            ("pool", "pool", outcome.pool_micro, body["pool_micro"]),
            ("lot", "players left out", list(outcome.excluded), body["excluded"]),
        )
        found += [
            (code, f"Judged again, its {name} differ{_largest(new, old)}.")
            for code, name, new, old in compared
            if new != old
        ]
        if outcome.champion is not None:
            spec = self._shelf.policy(row["champion_before"]).network
            made = content_id(self._shelf.policy_file(row["campaign_id"], spec, outcome.champion))
            if made != row["champion_after"]:
                found.append(("champion", f"Judged again, its champion is {made}."))
        return found


def _largest(new: object, old: object) -> str:
    """By how much two lists of scores differ, where they have the same form."""
    if not isinstance(new, list) or not isinstance(old, list):
        return ""
    first, second = np.asarray(new), np.asarray(old)
    if first.shape != second.shape or not first.size:
        return ""
    return f" by up to {np.abs(first - second).max():.6f}"
