"""What a verdict must satisfy by its own figures: decision, gain and pool derived again from stored scores.

Pure arithmetic on the JSON that a verdict publishes, hence the same on every machine. What figures cannot
show (that a policy really drives like its scores) needs the attempts and the simulator: `arena.audit`.
"""

import math
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.core import Plain
from manyhands.judging import payout, round, seeds
from manyhands.judging.course import interval
from manyhands.judging.gate import GateConfig
from manyhands.judging.payout import Pooled
from manyhands.judging.round import RoundConfig
from manyhands.learners import takeover

WITHOUT_A_TRY = frozenset({"kept"})
# Sums of the same numbers differ in their last bits between processors.
SAME = 1e-9


@dataclass(frozen=True)
class Fault:
    """Something that does not agree: a stable code, where, and one sentence."""

    code: str
    where: str
    message: str


def config_of(plain: Plain) -> RoundConfig:
    """Settings of judging from their JSON form. Raises TypeError or KeyError for unknown fields."""
    training = takeover.Config(**plain["training"] | {"label_width": tuple(plain["training"]["label_width"])})
    rest = {name: value for name, value in plain.items() if name not in ("training", "gate")}
    return RoundConfig(training=training, gate=GateConfig(**plain["gate"]), **rest)


def verdict(kind: str, body: Plain) -> list[tuple[str, str]]:
    """(code, sentence) of everything in a round's verdict that does not follow from its own figures."""
    try:
        return list(_verdict(kind, body))
    except (KeyError, TypeError, ValueError, IndexError) as fault:
        return [("form", f"Its body cannot be read: {type(fault).__name__} {fault}.")]


def commitment(secret: str | None, published: Any, root: Any, roots: list[str]) -> list[tuple[str, str]]:
    """(code, sentence) of what is wrong with a round's seeds: the secret's hash, that over its attempts."""
    try:
        kept = secret is not None and seeds.commitment(secret) == published
    except ValueError:
        kept = False
    found = [] if kept else [("secret", "Its secret is not the one that was committed to.")]
    if seeds.round_root(roots) != root:
        found.append(("root", "Its hash over the attempts is not that of the round's attempts."))
    return found


def _verdict(kind: str, body: Plain) -> Iterator[tuple[str, str]]:
    config = config_of(body["config"])
    if "gate_scores" not in body:
        yield from _waiting(kind, body)
        return
    scores = np.asarray(body["gate_scores"], np.float64)
    yield from _lot(config, body)
    yield from _decision(kind, config, body, scores)
    yield from _heldout(kind, config, body)
    if kind == "promoted":
        yield from _pay(config, body)
    elif body["pool_micro"] or body["pooled_after"] != body["pooled_before"]:
        yield "pool", "It pays or counts a gain without a promotion of the candidate."


def _waiting(kind: str, body: Plain) -> Iterator[tuple[str, str]]:
    if kind not in WITHOUT_A_TRY or body["pool_micro"] or body["tries"] != body["tries_before"]:
        yield "decision", "It decides something without having tried the lot."


def _lot(config: RoundConfig, body: Plain) -> Iterator[tuple[str, str]]:
    useful = sum(weight > 0.0 for weight in lot_weights(body | {"excluded": []}))
    before = body["tried_size_before"]
    least = config.least_lot if before == 0 else math.ceil(round.LARGER_LOT * before)
    if useful < least:
        yield "lot", f"The lot was tried with {useful} useful contributions where {least} are needed."
    if body["tries"] != body["tries_before"] + 1 or body["tried_size"] != useful:
        yield "lot", "Its count of tries or of useful contributions is wrong."


def lot_weights(body: Plain) -> list[float]:
    """Weight of each entry of the verdict's lot in its pool."""
    return payout.weights([(player, value) for _, player, value in body["lot"]], body.get("excluded", []))


def _decision(
    kind: str, config: RoundConfig, body: Plain, scores: NDArray[np.float64]
) -> Iterator[tuple[str, str]]:
    block = config.gate.block
    if scores.ndim != 2 or scores.shape[0] != 3 or scores.shape[1] % block or not np.isfinite(scores).all():
        yield "gate", "Its gate scores have the wrong form."
        return
    for count in range(block, scores.shape[1], block):
        if round.decide(config.gate, scores[:, :count], body["tries"])[0]:
            yield "gate", f"The gate went on although it was decided after {count} starts."
            return
    decided, winner = round.decide(config.gate, scores, body["tries"])
    if not decided and scores.shape[1] + block <= config.gate.most:
        yield "gate", "The gate stopped before it was decided."
    allowed = {"candidate": {"promoted", "rolled_back"}, "control": {"control_promoted", "rolled_back"}}
    if kind not in allowed.get(winner or "", {"kept"}):
        yield "decision", f"By its gate scores {winner or 'nobody'} passed, its kind is {kind}."


def _heldout(kind: str, config: RoundConfig, body: Plain) -> Iterator[tuple[str, str]]:
    before = np.asarray(body["heldout_before"], np.float64)
    new = kind in ("promoted", "control_promoted")
    if new and body["heldout_after"] is None:
        yield "score", "It promotes without scores on the standing starts."
        return
    after = np.asarray(body["heldout_after"], np.float64) if new else before
    if new and after.mean() < before.mean() - config.margin:
        yield "decision", "It promotes although the standing starts show a loss beyond the margin."
    figures = (body["score_before"], body["score_after"], body["score_low"], body["score_high"])
    if not _same(figures, (interval(before)[0], *interval(after))):
        yield "score", "Its scores before and after are not those of the standing starts."


def _pay(config: RoundConfig, body: Plain) -> Iterator[tuple[str, str]]:
    scores = np.asarray(body["pay_scores"], np.float64)
    if scores.shape != (3, config.pay_starts):
        yield "gain", "Its gain was not measured on as many starts as its settings say."
        return
    gain, variance = round.measured_gain(scores)
    if not _same((gain, variance), (body["gain"], body["variance"])):
        yield "gain", "Its gain or variance is not that of its scores."
    gap = body["target_score"] - body["first_score"]
    before, after = Pooled(**body["pooled_before"]), Pooled(**body["pooled_after"])
    pooled, pool = payout.earn(before, body["gain"], body["variance"], gap, body["escrow_micro"])
    if not _same(astuple(pooled), astuple(after)):
        yield "pool", "Its sums over all promotions do not follow from its gain."
    if not _same((pool,), (body["pool_micro"],)):
        yield "pool", f"Its pool is {body['pool_micro']} micro-credits, by its figures it is {pool}."


def _same(found: tuple[float, ...], stored: tuple[float, ...]) -> bool:
    return all(math.isclose(a, b, rel_tol=SAME, abs_tol=SAME) for a, b in zip(found, stored, strict=True))


def charges(
    stake_micro: int, charged_micro: int, value: float, history: list[float]
) -> list[tuple[str, str]]:
    """(code, sentence) of a charge that does not follow from the stake and the recorded history of values."""
    if not history or history[-1] != value:
        return [("value", "Its value is not the last of the recorded history.")]
    owed = payout.charge(stake_micro, history)
    if owed == charged_micro:
        return []
    return [("charge", f"It was charged {charged_micro} micro-credits, by its value it is {owed}.")]
