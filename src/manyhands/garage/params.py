"""What cars did, in the form from which a reward function's params are made. Plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manyhands.envs.racer.tracks import Track

F32 = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Trace:
    """What N cars did in T ticks; every array (T, N). Row t is the state after the action of tick t."""

    track: Track
    reversed: bool
    x: F32
    y: F32
    yaw: F32
    speed: NDArray[np.float64]
    steering: NDArray[np.float64]
    progress: F32
    step: NDArray[np.int32]
    offtrack: Flags
    crashed: Flags
    done: Flags
    wheels_on_track: Flags
    alive: Flags
    objects: F32
