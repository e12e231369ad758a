"""Splits an amount in proportion to weights, to the last micro-credit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from manyhands.errors import InputError
from manyhands.types import Micro


def split(total_micro: Micro, weights: Sequence[float]) -> list[Micro]:
    """Return shares of `total_micro` in proportion to `weights`, which sum to it exactly.

    Largest remainder: each gets its share rounded down, what is left goes one by one to the largest
    remainders, earlier ones first among equals. Computed in fractions, hence the same on any machine.

    Args:
        total_micro: at least 0.
        weights: (n,) finite, none negative, at least one above zero.

    Raises:
        InputError: if they are not.
    """
    if total_micro < 0:
        raise InputError(f"{total_micro} cannot be split.", field="total_micro")
    if any(not math.isfinite(weight) or weight < 0 for weight in weights) or not any(weights):
        raise InputError(
            "The weights of a split must be finite, not negative and not all zero.", field="weights"
        )
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact, Fraction(0))
    quotas = [total_micro * weight / whole for weight in exact]
    shares = [math.floor(quota) for quota in quotas]
    order = sorted(range(len(shares)), key=lambda i: (shares[i] - quotas[i], i))
    for i in order[: total_micro - sum(shares)]:
        shares[i] += 1
    return [Micro(share) for share in shares]
