"""Reward functions tried before they are trained with, under the installation's limits."""

from __future__ import annotations

from manyhands.garage.rewards.check import check
from manyhands.garage.rewards.limits import Limits
from manyhands.settings import Settings
from manyhands.types import Json


def limits_of(settings: Settings) -> Limits:
    """What a reward function may use in this installation."""
    return Limits(jailed=not settings.rewards_without_jail)


def check_reward(source: str, settings: Settings) -> Json:
    """All that is wrong with a source, as the wire has it; takes about a second.

    Raises JailError where the system offers no jail.
    """
    return check(source, limits_of(settings)).as_json()
