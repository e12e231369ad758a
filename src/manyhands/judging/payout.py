"""The arithmetic of pay and charges; integers for money, nothing but its arguments decides.

Over all promotions the measured gains G and their squared errors V are summed, and the lower bound of what
was certainly gained, as a share L of the way from the first score to the target, decides how much of the
escrow has been earned. The earned share C only grows and ends at 1, so the sum of all payments cannot exceed
the escrow, whatever the noise. Pooling the bound over promotions pays honest small steps and starves lucky
ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE_Z = 1.645  # one-sided 95 %, of pay
CHARGE_Z = 1.282  # one-sided 90 %
MARGIN = 0.5  # value within which an attempt did neither good nor harm, in units of progress
HARM_WEIGHT = 3.0  # of harm against good when a player's values are netted
HISTORY = 8  # attempts that a player's running bound looks back on
PRIOR_SPREAD = 1.5  # of one attempt's value, as if it were known
PRIOR_ATTEMPTS = 8  # from so many attempts more
WHOLE_STAKE_HARM = 2.5  # harm at which the whole stake is charged, in units of progress


@dataclass(frozen=True)
class Pooled:
    """Sums over a campaign's promotions: gains, squared errors, and the share of the escrow earned so far."""

    gain: float = 0.0
    variance: float = 0.0
    earned: float = 0.0


def earn(pooled: Pooled, gain: float, variance: float, gap: float, escrow_micro: int) -> tuple[Pooled, int]:
    """Add a promotion's gain (score) and its squared standard error.

    gap: target minus first score; escrow_micro: what is left. Returns the new sums and the pool
    that the lot has earned in micro-credits, 0 when the bound did not rise.
    """
    total = Pooled(pooled.gain + gain, pooled.variance + variance, pooled.earned)
    if gap <= 0.0:
        # The first champion was at the target already: there is nothing that the escrow could buy.
        return total, 0
    bound = (total.gain - CONFIDENCE_Z * math.sqrt(total.variance)) / gap
    earned = min(1.0, max(0.0, bound))
    step = max(0.0, earned - pooled.earned)
    if step == 0.0:
        return total, 0
    pool = escrow_micro if earned >= 1.0 else math.floor(escrow_micro * step / (1.0 - pooled.earned))
    return Pooled(total.gain, total.variance, earned), pool


def weights(values: Sequence[tuple[str, float]], excluded: Sequence[str] = ()) -> list[float]:
    """Share of each contribution (player, value) of a lot in its pool, in proportion; 0 for most that harmed.

    Good is what exceeds the margin. A player's good and harm are netted first, harm counting three times:
    luck is rarer than skill, and must not pay. What is left is divided over the player's good. Players named
    in `excluded` get nothing.
    """
    net: dict[str, float] = {}
    total: dict[str, float] = {}
    good = [max(value - MARGIN, 0.0) for _, value in values]
    for (player, value), part in zip(values, good, strict=True):
        net[player] = net.get(player, 0.0) + part + HARM_WEIGHT * min(value, 0.0)
        total[player] = total.get(player, 0.0) + part
    return [
        part * net[player] / total[player]
        if player not in excluded and net[player] > 0.0 and part > 0.0
        else 0.0
        for (player, _), part in zip(values, good, strict=True)
    ]


def upper_bound(values: Sequence[float]) -> float:
    """90 % upper bound of a player's mean value, from its last attempts.

    A few values tell little of their spread: one lucky attempt would make it large and excuse harm for long,
    two that are alike would make it small and accuse too soon. So it is taken together with what is known of
    everybody's, as a scaled inverse chi-squared prior does (A. Gelman et al., "Bayesian Data Analysis").
    """
    recent = values[-HISTORY:]
    mean = math.fsum(recent) / len(recent)
    squares = math.fsum((value - mean) ** 2 for value in recent) + PRIOR_ATTEMPTS * PRIOR_SPREAD**2
    spread = math.sqrt(squares / (len(recent) - 1 + PRIOR_ATTEMPTS))
    return mean + CHARGE_Z * spread / math.sqrt(len(recent))


def charge(stake_micro: int, history: Sequence[float]) -> int:
    """What an attempt costs its player, in micro-credits, at most the stake.

    history: values of the player's attempts, the judged one last. Nothing is charged unless the player's
    running upper bound is below zero: everybody errs once. Then an attempt that did harm beyond the margin
    costs by its own harm; one that did neither good nor harm costs by the bound, if that is beyond the margin
    too: whoever harms as a habit is not excused by an attempt that happened to do nothing.
    """
    value, bound = history[-1], upper_bound(history)
    if bound >= 0.0 or value > MARGIN:
        return 0
    if value < -MARGIN:
        harm = -value
    elif bound < -MARGIN:
        harm = -bound
    else:
        return 0
    return min(stake_micro, math.floor(stake_micro * min(1.0, harm / WHOLE_STAKE_HARM)))
