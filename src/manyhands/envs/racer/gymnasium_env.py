"""`racer-v0` for Gymnasium: one environment, and a vector of them compiled into one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.core import Plain
from manyhands.envs.episodes import TaskEnv, TaskVectorEnv
from manyhands.envs.racer import rules, tracks
from manyhands.envs.racer.actions import Choices
from manyhands.envs.racer.actions import commands as commands_of
from manyhands.envs.racer.car import CarParams
from manyhands.envs.racer.drawing import draw
from manyhands.envs.racer.rules import Conditions, State
from manyhands.envs.racer.task import RacerTask, depth_of, parse_sensor
from manyhands.errors import InputError

GENERATED = tuple(f"gen-{seed}" for seed in range(16))
PROPRIO_BOUND = 4.0  # speed, steering and yaw rate stay far below


@dataclass(frozen=True)
class Course:
    """What both environments share: the task, the list of actions, if any, and the form of observations."""

    task: RacerTask
    commands: tuple[tuple[float, float], ...] | None
    as_dict: bool

    @property
    def action_space(self) -> spaces.Space[Any]:
        """An index into the list of actions, or steering and throttle."""
        if self.commands is None:
            return spaces.Box(-1.0, 1.0, (2,), np.float32)
        return spaces.Discrete(len(self.commands))

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """A vector, a picture, or a dict of those there are."""
        beams = self.task.vector - 3
        low = np.array([0.0] * beams + [-PROPRIO_BOUND] * 3, np.float32)
        high = np.array([1.0] * beams + [PROPRIO_BOUND] * 3, np.float32)
        found: dict[str, spaces.Space[Any]] = {"vector": spaces.Box(low, high, dtype=np.float32)}
        if self.task.image:
            found["image"] = spaces.Box(0, 255, self._pixels(), np.uint8)
        return spaces.Dict(found) if self.as_dict else found["image" if self.task.image else "vector"]

    def _pixels(self) -> tuple[int, ...]:
        """Height, width and values of a pixel."""
        return (*(self.task.image or ()), depth_of(self.task.sensor))

    def observe(self, state: State) -> Any:
        """Observation of one state, in the form of the space."""
        seen = self.task.observe(state)
        if "image" in seen:
            seen["image"] = seen["image"].reshape(self._pixels())
        return seen if self.as_dict else seen["image" if self.task.image else "vector"]

    def advance(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """One tick with an element of the action space."""
        if self.commands is None:
            return self.task.step(state, self.task.quantise(action))
        return self.task.racer.advance(state, jnp.asarray(self.commands, jnp.float32)[action])

    def draw(self, state: State) -> NDArray[np.uint8]:
        """Map of one state, (height, width, 3)."""
        motion = state.motion
        pose = np.array([motion.x, motion.y, motion.c, motion.s], np.float64)
        track = tracks.track(self.task.track_ids[int(state.track)])
        return draw(track, pose, np.asarray(state.boxes, np.float64), np.asarray(state.patches, np.float64))


def course(
    sensor: str | Plain,
    track: str | Sequence[str],
    actions: Sequence[tuple[float, float]] | None,
    conditions: Plain,
    as_dict: bool,
) -> Course:
    """Course of an environment's arguments. Raises InputError naming the wrong one."""
    names = GENERATED if track == "generated" else (track,) if isinstance(track, str) else tuple(track)
    if not names:
        raise InputError("There is no track to drive on.", field="track", remedy="Name at least one track.")
    for name in names:
        tracks.track(name)
    seen_by = parse_sensor({"kind": sensor} if isinstance(sensor, str) else sensor)
    try:
        task = RacerTask(names, seen_by, Conditions(**conditions))
    except TypeError as fault:
        raise InputError(f"The environment has no such argument: {fault}.", field="arguments") from fault
    return Course(task, None if actions is None else _commands(actions, task.racer.car), as_dict)


def _commands(pairs: Sequence[tuple[float, float]], car: CarParams) -> tuple[tuple[float, float], ...]:
    """Steering and throttle in [-1, 1] of actions in degrees and m/s."""
    found = commands_of(Choices(tuple(pairs)), car)
    return tuple((float(steer), float(throttle)) for steer, throttle in found)


class RacerEnv(TaskEnv):
    """
    ## Description
    A small car on a closed road with boxes to avoid and slippery patches. It drives for at most 20 seconds of
    15 control ticks each; the further it comes along the road, the better.

    ```python
    import gymnasium
    import manyhands

    env = gymnasium.make("manyhands/Racer-v0", sensor="camera", track="kidney")
    many = gymnasium.make_vec("manyhands/Racer-v0", num_envs=256)
    ```

    `make_vec` returns a vector whose environments share one compiled step; it restarts an environment in the
    step after the one that ended it.

    ## Action Space
    Without a list of actions, `Box(-1, 1, (2,), float32)`, rounded to steps of 1/127 before it is executed:

    | index | meaning | -1 | 1 |
    |---|---|---|---|
    | 0 | steering | full right | full left |
    | 1 | commanded speed | the car's smallest | the car's largest |

    With `actions=[(20, 1.0), (0, 2.5), ...]`, degrees (positive turns left) and metres a second,
    `Discrete(len(actions))`: an index stands for exactly the pair it names.

    ## Observation Space
    | sensor | space | contents |
    |---|---|---|
    | `"lidar"` | `Box((beams + 3,), float32)` | distances from right to left, then the car's own motion |
    | `"sector-lidar"` | `Box((sectors * levels + 3,), float32)` | coarse distances, then the same |
    | `"camera"` | `Box(0, 255, (height, width, 1), uint8)` | first-person grey picture |
    | `"stereo"` | `Box(0, 255, (height, width, 2), uint8)` | two of them, left and right |

    A distance of t metres is given as t / (1 + t). The motion is speed x 0.3, tangent of the steering x 2 and
    yaw rate x 0.2, in SI units. With `as_dict=True` the observation is a `Dict` of `vector` (of a camera: the
    motion alone) and, for a camera, `image`. Sizes are given in the long form of the sensor, such as
    `{"kind": "lidar", "beams": 64, "spread_rad": 2.618}` or `{"kind": "camera", "width": 96, "height": 64}`.
    A `sector-lidar` has 64 beams over 300 degrees in 8 sectors and tells for each whether something is nearer
    than `within_m` (.5); with `levels` above 1, in which of as many equal bands up to there it is.

    ## Rewards
    Metres made along the centre line in the tick; negative when driving backwards. There is no other term.

    ## Starting State
    Anywhere on any of the tracks, within 12 cm of the centre line and 12 degrees of its direction, at .9 to
    1.5 m/s, with the first box at least a ninth of a lap ahead. `reset(options={"start": info["start"]})`
    starts again where the `reset` that returned that `info` did.

    ## Episode End
    Terminated when the middle of the car leaves the road or its disc of 9 cm touches a box; truncated after
    `max_ticks`.

    ## Arguments
    | name | default | meaning |
    |---|---|---|
    | `sensor` | `"lidar"` | one of the names above, or the long form |
    | `track` | `"generated"` | id of a track, several ids, or 16 generated roads |
    | `actions` | `None` | list of (degrees, m/s) for a discrete action space |
    | `car` | `"sport"` | `"sport"` or `"deepracer"` |
    | `boxes` | `8` | number of boxes on the road, 0 to 8 |
    | `patch_grip` | `0.6` | grip on the slippery patches, 1 for none |
    | `light` | `1.0` | variation of light and texture in the camera's picture, 0 for none |
    | `as_dict` | `False` | observations as a dict |
    | `max_ticks` | `300` | length of an episode |
    | `render_mode` | `None` | `"rgb_array"` draws a map |

    ## Version History
    - v0: first version.
    """

    metadata = TaskEnv.metadata | {"render_fps": rules.TICKS_PER_S}
    progress_name = "progress_m"

    def __init__(
        self,
        sensor: str | Plain = "lidar",
        track: str | Sequence[str] = "generated",
        actions: Sequence[tuple[float, float]] | None = None,
        as_dict: bool = False,
        max_ticks: int = rules.MAX_TICKS,
        render_mode: str | None = None,
        **conditions: Any,
    ) -> None:
        super().__init__(course(sensor, track, actions, conditions, as_dict), max_ticks, render_mode)


class RacerVectorEnv(TaskVectorEnv):
    """`num_envs` racers in one compiled step; the arguments are those of `RacerEnv`."""

    metadata = TaskVectorEnv.metadata | {"render_fps": rules.TICKS_PER_S}
    progress_name = "progress_m"

    def __init__(
        self,
        num_envs: int = 1,
        sensor: str | Plain = "lidar",
        track: str | Sequence[str] = "generated",
        actions: Sequence[tuple[float, float]] | None = None,
        as_dict: bool = False,
        max_ticks: int = rules.MAX_TICKS,
        render_mode: str | None = None,
        **conditions: Any,
    ) -> None:
        super().__init__(
            course(sensor, track, actions, conditions, as_dict), num_envs, max_ticks, render_mode
        )
