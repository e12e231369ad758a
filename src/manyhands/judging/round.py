"""One round, from a lot of valued contributions to a verdict: train, gate, measure, pay; pure by its seeds.

lot + old data -> candidate, control -> gate on fresh starts -> held-out check -> gain on other starts -> pool
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jax import Array
from numpy.typing import NDArray

from manyhands.judging import gate, payout, seeds
from manyhands.judging.course import Course
from manyhands.judging.gate import GateConfig
from manyhands.judging.payout import Pooled
from manyhands.learners import takeover
from manyhands.learners.samples import Samples
from manyhands.policies.network import NetworkSpec, Params

Kind = Literal["promoted", "kept", "control_promoted", "rolled_back"]
LARGER_LOT = 1.25


@dataclass(frozen=True)
class RoundConfig:
    """Settings of judging; part of a verdict, so that it can be recomputed."""

    training: takeover.Config = field(default_factory=takeover.Config)
    gate: GateConfig = field(default_factory=GateConfig)
    pay_starts: int = 512
    """fresh starts on which a promotion's gain is measured"""
    least_lot: int = 6
    """contributions of positive value before a first try"""
    search_after: int = 2
    """failed tries of a lot after which single players are tried to be left out"""
    suspects: int = 3
    """players that such a search looks at"""
    margin: float = 0.02
    """largest loss on the standing held-out suite that a promotion may bring"""
    learned: int = 512
    """contributions of a lot, and as many older ones, that are learned from at most"""


@dataclass(frozen=True)
class Entry:
    """A contribution in the open lot; samples: None if it is not learned from."""

    attempt: str
    player: str
    value: float
    samples: Samples | None = field(compare=False)


@dataclass(frozen=True)
class Standing:
    """A campaign at the moment of judging. old: samples of promoted lots and the seed data."""

    network: NetworkSpec
    champion: Params
    heldout: NDArray[np.float64]  # the champion's scores on the standing suite
    old: Samples
    lot: tuple[Entry, ...]
    tries: int  # of this lot so far
    tried_size: int  # contributions of positive value at the last try
    pooled: Pooled
    escrow_micro: int
    first_score: float
    target_score: float


@dataclass(frozen=True)
class Outcome:
    """What a round decided and everything needed to check it."""

    kind: Kind
    reason: str
    tries: int
    tried_size: int
    champion: Params | None  # the new one, if any
    heldout: NDArray[np.float64] | None  # the new champion's scores on the standing suite
    gate_scores: NDArray[np.float64]  # (champion, control, candidate; starts), empty if nothing was tried
    pay_scores: NDArray[np.float64]
    gain: float
    variance: float
    pooled: Pooled
    pool_micro: int  # to be split over the lot by `weights`
    excluded: tuple[str, ...]  # players whose contributions were left out, found by `search`


def drawn(attempts: Iterable[str], most: int) -> list[str]:
    """Up to `most` of the attempts, in the order of a hash of their ids, which the server made at random.

    A lot that is never promoted grows without end, and so does what was promoted; memory does not. More
    contributions change the draw little, so what was replayed for the last try serves for the next.
    """
    return sorted(attempts, key=lambda attempt: hashlib.sha256(attempt.encode()).digest())[:most]


def learned_from(values: Sequence[tuple[str, str, float]], most: int) -> list[str]:
    """Attempts of a lot (attempt, player, value) that are learned from, at most so many."""
    shares = payout.weights([(player, value) for _, player, value in values])
    useful = (attempt for (attempt, _, _), share in zip(values, shares, strict=True) if share > 0.0)
    return drawn(useful, most)


def weights(lot: Sequence[Entry], excluded: Sequence[str] = ()) -> list[float]:
    """Share of each contribution of a lot in its pool; those of weight 0 are not learned from either."""
    return payout.weights([(entry.player, entry.value) for entry in lot], excluded)


def useful(lot: Sequence[Entry], excluded: Sequence[str] = ()) -> list[Entry]:
    """The contributions of a lot that may be learned from."""
    return [entry for entry, weight in zip(lot, weights(lot, excluded), strict=True) if weight > 0.0]


def needed(standing: Standing, config: RoundConfig) -> int:
    """Contributions of positive value that the lot needs before its next try."""
    if standing.tried_size == 0:
        return config.least_lot
    return math.ceil(LARGER_LOT * standing.tried_size)


def judge(course: Course, standing: Standing, config: RoundConfig, root: str, secret: str) -> Outcome:
    """Judge the open lot. `root` commits to the round's attempts, `secret` was committed before they came."""
    entries = useful(standing.lot)
    if len(entries) < needed(standing, config):
        return _kept(standing, "The lot waits for more contributions before it is tried.")
    excluded: tuple[str, ...] = ()
    if standing.tries >= config.search_after:
        excluded = search(course, standing, config, root, secret)
    control, candidate = (
        train(standing, config, some, excluded, seeds.key(root, secret, "train")) for some in (False, True)
    )
    tries = standing.tries + 1
    tried = {"tries": tries, "tried_size": len(entries), "excluded": excluded}
    scores, winner = run_gate(
        course, standing.network, [standing.champion, control, candidate], config.gate, tries, root, secret
    )
    if winner is None:
        return _kept(standing, "The candidate did not pass the gate.", gate_scores=scores, **tried)
    params = candidate if winner == "candidate" else control
    heldout = course.heldout_scores(standing.network, params)
    if heldout.mean() < standing.heldout.mean() - config.margin:
        reason = "The candidate passed the gate but drives worse on the standing held-out starts."
        return _kept(standing, reason, kind="rolled_back", gate_scores=scores, **tried)
    if winner == "control":
        reason = "Training longer on old data alone passed the gate: promoted, nothing is owed for it."
        return _kept(
            standing,
            reason,
            kind="control_promoted",
            gate_scores=scores,
            champion=params,
            heldout=heldout,
            **tried,
        )
    return _pay(course, standing, config, (control, candidate), heldout, scores, (root, secret), tried)


def train(
    standing: Standing, config: RoundConfig, with_lot: bool, excluded: Sequence[str], key: Array
) -> Params:
    """The candidate, or without the lot the control, from the champion; both draw the same minibatches."""
    drives = [entry.samples for entry in useful(standing.lot, excluded) if entry.samples is not None]
    parts = [standing.old, *drives]
    samples = Samples.concatenate(parts, standing.network.features, standing.network.actions)
    use = len(samples) if with_lot else len(standing.old)
    return takeover.fit(standing.network, config.training, standing.champion, samples, use, key)


def search(
    course: Course, standing: Standing, config: RoundConfig, root: str, secret: str
) -> tuple[str, ...]:
    """The player without whose contributions a lot that keeps failing drives better, or nobody.

    Tried are the players with the largest shares, each left out alone, on fresh starts that the gate does not
    use; one is left out only if that is better beyond chance.
    """
    shares: dict[str, float] = {}
    for entry, weight in zip(standing.lot, weights(standing.lot), strict=True):
        shares[entry.player] = shares.get(entry.player, 0.0) + weight
    suspects = sorted((p for p in shares if shares[p] > 0.0), key=lambda p: (-shares[p], p))
    if len(suspects) < 2:
        return ()
    suspects = suspects[: config.suspects]
    key = seeds.key(root, secret, "train")
    policies = [train(standing, config, True, left_out, key) for left_out in [(), *((p,) for p in suspects)]]
    scores = course.gate_scores(
        standing.network, policies, seeds.key(root, secret, "search"), config.gate.block
    )
    gains = scores[1:] - scores[0]
    best = int(gains.mean(axis=1).argmax())
    error = float(gains[best].std(ddof=1)) / math.sqrt(gains.shape[1])
    return (suspects[best],) if gains[best].mean() > payout.CONFIDENCE_Z * error else ()


def run_gate(
    course: Course,
    spec: NetworkSpec,
    policies: list[Params],
    config: GateConfig,
    tries: int,
    root: str,
    secret: str,
) -> tuple[NDArray[np.float64], Literal["candidate", "control"] | None]:
    """Drive champion, control and candidate on the same fresh starts, block by block, until the test decides.

    Returns the scores (3, starts) and which of the two passed, if any.
    """
    blocks: list[NDArray[np.float64]] = []
    for number in range(config.most // config.block):
        key = seeds.key(root, secret, f"gate-{number}")
        blocks.append(course.gate_scores(spec, policies, key, config.block))
        scores = np.concatenate(blocks, axis=1)
        decided, winner = decide(config, scores, tries)
        if decided:
            break
    return scores, winner


def decide(
    config: GateConfig, scores: NDArray[np.float64], tries: int
) -> tuple[bool, Literal["candidate", "control"] | None]:
    """Whether the test on scores (champion, control, candidate; starts) has ended, and who won."""
    champion, control, candidate = scores
    over_champion = gate.compare(config, candidate - champion, tries)
    over_control = gate.compare(config, candidate - control, tries)
    if over_champion.passed and over_control.passed:
        return True, "candidate"
    alone = gate.compare(config, control - champion, tries)
    if over_champion.failed or over_control.failed:
        if alone.passed:
            return True, "control"
        if alone.failed:
            return True, None
    last = scores.shape[1] >= config.most
    return last, "control" if last and alone.passed else None


def _kept(standing: Standing, reason: str, **changed: Any) -> Outcome:
    unchanged: dict[str, Any] = {
        "kind": "kept",
        "tries": standing.tries,
        "tried_size": standing.tried_size,
        "champion": None,
        "heldout": None,
        "gate_scores": np.zeros((3, 0)),
        "pay_scores": np.zeros((3, 0)),
        "gain": 0.0,
        "variance": 0.0,
        "pooled": standing.pooled,
        "pool_micro": 0,
        "excluded": (),
    }
    return Outcome(reason=reason, **unchanged | changed)


def measured_gain(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Gain of the candidate over the better of champion and control, and its squared standard error."""
    champion, control, candidate = scores
    gaps = [candidate - champion, candidate - control]
    least = min(gaps, key=lambda gap: float(gap.mean()))
    return float(least.mean()), float(least.var(ddof=1)) / len(least)


def _pay(
    course: Course,
    standing: Standing,
    config: RoundConfig,
    trained: tuple[Params, Params],
    heldout: NDArray[np.float64],
    gate_scores: NDArray[np.float64],
    seed: tuple[str, str],
    tried: dict[str, Any],
) -> Outcome:
    control, candidate = trained
    policies = [standing.champion, control, candidate]
    scores = course.gate_scores(standing.network, policies, seeds.key(*seed, "pay"), config.pay_starts)
    gain, variance = measured_gain(scores)
    gap = standing.target_score - standing.first_score
    pooled, pool = payout.earn(standing.pooled, gain, variance, gap, standing.escrow_micro)
    return Outcome(
        kind="promoted",
        reason="The candidate passed the gate and is the new champion.",
        champion=candidate,
        heldout=heldout,
        gate_scores=gate_scores,
        pay_scores=scores,
        gain=gain,
        variance=variance,
        pooled=pooled,
        pool_micro=pool,
        **tried,
    )
