"""Identifiers and units that every part of the package shares.

Ids are opaque strings that are told apart by the type checker and by their prefix; money is an integer
number of micro-credits and time an integer number of microseconds since 1970 (UTC), so that neither is
ever rounded.
"""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any, NewType

PlayerId = NewType("PlayerId", str)
CampaignId = NewType("CampaignId", str)
StartId = NewType("StartId", str)
AssignmentId = NewType("AssignmentId", str)
AttemptId = NewType("AttemptId", str)
RoundId = NewType("RoundId", str)
VerdictId = NewType("VerdictId", str)
DisputeId = NewType("DisputeId", str)
JobId = NewType("JobId", str)
RaceId = NewType("RaceId", str)
Cid = NewType("Cid", str)
"""Content id: CIDv1, raw codec, sha2-256, base32 (`bafkrei…`)."""

Micro = NewType("Micro", int)
"""An amount in micro-credits; 1 credit is 1,000,000 of them."""
Micros = NewType("Micros", int)
"""A moment: microseconds since 1970-01-01 UTC."""

Json = dict[str, Any]
"""A JSON object that has been parsed and not yet been given a shape."""

MICRO_PER_CREDIT = 1_000_000
MICROS_PER_SECOND = 1_000_000

_ID_BYTES = 10  # 16 characters of base32


def credits(amount: float) -> Micro:
    """Return `amount` credits as micro-credits, rounded to the nearest."""
    return Micro(round(amount * MICRO_PER_CREDIT))


def now_us() -> Micros:
    """Return the present moment by the system clock."""
    return Micros(time.time_ns() // 1000)


def _fresh(prefix: str) -> str:
    return prefix + base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode("ascii").lower()


def new_player_id() -> PlayerId:
    """Return a fresh id with 80 random bits, as do the functions below."""
    return PlayerId(_fresh("plr_"))


def new_campaign_id() -> CampaignId:
    """Return a fresh campaign id."""
    return CampaignId(_fresh("cmp_"))


def new_start_id() -> StartId:
    """Return a fresh start id."""
    return StartId(_fresh("sta_"))


def new_assignment_id() -> AssignmentId:
    """Return a fresh assignment id."""
    return AssignmentId(_fresh("asg_"))


def new_attempt_id() -> AttemptId:
    """Return a fresh attempt id."""
    return AttemptId(_fresh("att_"))


def new_round_id() -> RoundId:
    """Return a fresh round id."""
    return RoundId(_fresh("rnd_"))


def new_verdict_id() -> VerdictId:
    """Return a fresh verdict id."""
    return VerdictId(_fresh("vrd_"))


def new_dispute_id() -> DisputeId:
    """Return a fresh dispute id."""
    return DisputeId(_fresh("dsp_"))


def new_job_id() -> JobId:
    """Return a fresh job id."""
    return JobId(_fresh("job_"))


def new_experiment_id() -> str:
    """Return a fresh experiment id."""
    return _fresh("exp_")


def new_run_id() -> str:
    """Return a fresh id of a training run."""
    return _fresh("run_")


def new_lesson_id() -> str:
    """Return a fresh lesson id."""
    return _fresh("les_")


def new_race_id() -> RaceId:
    """Return a fresh race id."""
    return RaceId(_fresh("rac_"))


def new_entry_id() -> str:
    """Return a fresh id of an entry into a race."""
    return _fresh("ent_")
