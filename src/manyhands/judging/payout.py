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

CONFIDENCE_Z = 1.645  # one-sided 95 %
CHARGE_MARGIN = 0.5  # value below which an attempt did harm, in metres of progress
CHARGE_Z = 2.33  # a charge needs one-sided 99 %
HARM_WEIGHT = 2.0  # of harm against good when a player's values are netted
HISTORY = 8  # attempts that a player's running bound looks back on
PRIOR_SPREAD = 2.0  # of one attempt's value, assumed while a player has a single one
LEAST_SPREAD = 0.5
WHOLE_STAKE_HARM = 2.5  # harm at which the whole stake is charged, in metres of progress


@dataclass(frozen=True)
class Pooled:
    """Sums over a campaign's promotions: gains, squared errors, and the share of the escrow earned so far."""

    gain: float = 0.0
    variance: float = 0.0
    earned: float = 0.0


def earn(pooled: Pooled, gain: float, variance: float, gap: float, escrow_micro: int) -> tuple[Pooled, int]:
    """Add a promotion's gain (score) and its squared standard error.

    gap: target minus first score, positive; escrow_micro: what is left. Returns the new sums and the pool
    that the lot has earned in micro-credits, 0 when the bound did not rise.
    """
    total = Pooled(pooled.gain + gain, pooled.variance + variance, pooled.earned)
    bound = (total.gain - CONFIDENCE_Z * math.sqrt(total.variance)) / gap
    earned = min(1.0, max(0.0, bound))
    step = max(0.0, earned - pooled.earned)
    if step == 0.0:
        return total, 0
    pool = escrow_micro if earned >= 1.0 else math.floor(escrow_micro * step / (1.0 - pooled.earned))
    return Pooled(total.gain, total.variance, earned), pool


def weights(values: Sequence[tuple[str, float]], excluded: Sequence[str] = ()) -> list[float]:
    """Shares of the contributions (player, value) of a lot in its pool; 0 for those that harmed.

    A player's values are netted first: who does as much harm as good earns nothing, however the good is
    spread over attempts. What is left is divided over the player's positive values.
    """
    net: dict[str, float] = {}
    good: dict[str, float] = {}
    for player, value in values:
        net[player] = net.get(player, 0.0) + (value if value > 0.0 else HARM_WEIGHT * value)
        good[player] = good.get(player, 0.0) + max(value, 0.0)
    return [
        max(value, 0.0) * net[player] / good[player]
        if player not in excluded and net[player] > 0.0 and value > 0.0
        else 0.0
        for player, value in values
    ]


def upper_bound(values: Sequence[float]) -> float:
    """99 % upper bound of a player's mean value, from its last attempts."""
    recent = values[-HISTORY:]
    mean = math.fsum(recent) / len(recent)
    spread = PRIOR_SPREAD
    if len(recent) > 1:
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in recent) / (len(recent) - 1))
    return mean + CHARGE_Z * max(spread, LEAST_SPREAD) / math.sqrt(len(recent))


def charge(stake_micro: int, history: Sequence[float]) -> int:
    """What an attempt costs its player, in micro-credits, at most the stake.

    history: values of the player's attempts, the judged one last. Nothing is charged unless that one did harm
    beyond the margin and the player's running upper bound is below zero too: everybody errs once.
    """
    value = history[-1]
    if value >= -CHARGE_MARGIN or upper_bound(history) >= 0.0:
        return 0
    return min(stake_micro, math.floor(stake_micro * min(1.0, -value / WHOLE_STAKE_HARM)))
