"""Frozen records that the judge works on."""

import hashlib
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.core import Plain
from manyhands.learners.reaction import Drive
from manyhands.learners.samples import Samples

POLICY, HUMAN = 0, 1


@dataclass(frozen=True)
class Attempt:
    """One play of an assignment, as it came over the wire.

    actions: (ticks, axes) int8, executed; actors: (ticks,) uint8, POLICY or HUMAN; start: JSON form of the
    assigned state; final: the last state the client saw; champion: CID of the policy it drove with.
    """

    id: str
    player: str
    champion: str
    start: Plain
    actions: NDArray[np.int8]
    actors: NDArray[np.uint8]
    final: Plain

    @property
    def ticks(self) -> int:
        """Length in control ticks."""
        return len(self.actors)


@dataclass(frozen=True)
class Takeover:
    """One stretch of human driving and what the champion would have done with it.

    first: tick at which the hand took over; ticks: its length; gain: progress of human and 2 s of champion
    minus champion alone, in the task's unit, clipped; alone_crash_s and hand_crash_s: seconds after the
    takeover at which each crashed, None where it did not within the compared time; alone_progress and
    hand_progress: the two that are compared, in the task's unit.
    """

    first: int
    ticks: int
    gain: float
    alone_crash_s: float | None
    hand_crash_s: float | None
    alone_progress: float
    hand_progress: float


@dataclass(frozen=True)
class Valued:
    """What the replay says of an attempt: refused with a reason, or accepted with its value."""

    attempt: str
    refusal: str = ""
    value: float = 0.0
    takeovers: tuple[Takeover, ...] = ()
    progress: float = 0.0
    alone_progress: float = 0.0
    human_ticks: int = 0
    ended_s: float = 0.0
    crashed: bool = False
    drive: Drive | None = field(default=None, compare=False)

    @property
    def samples(self) -> Samples | None:
        """The drive as samples without a shift for reaction time; None of a refused attempt."""
        return None if self.drive is None else self.drive.samples(0)


def attempt_root(start: Plain, champion: str, actions: bytes, actors: bytes, final: Plain) -> str:
    """sha256 over an attempt's content in canonical form, hex: what a round commits to."""
    canonical = json.dumps([start, champion, actions.hex(), actors.hex(), final], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
