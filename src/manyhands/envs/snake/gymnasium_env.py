"""`snake-v0` for Gymnasium: one environment, and a vector of them compiled into one step."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jax import Array
from numpy.typing import NDArray

from manyhands.envs.episodes import TaskEnv, TaskVectorEnv
from manyhands.envs.snake import rules
from manyhands.envs.snake.board import Board
from manyhands.envs.snake.rules import State
from manyhands.envs.snake.task import TICKS_PER_S, SnakeTask

TURNS = (0, 1, -1)
MAX_TICKS = 100_000
BLOCK = 8  # picture elements of a cell's edge
GROUND, BODY, HEAD, FOOD = (24, 28, 34), (92, 168, 120), (180, 232, 190), (226, 96, 72)


@dataclass(frozen=True)
class Course:
    """The game with the reference experiment's three actions."""

    task: SnakeTask

    @property
    def action_space(self) -> spaces.Space[Any]:
        """Straight, right, left."""
        return spaces.Discrete(len(TURNS))

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """Everything is within -1 and 1."""
        return spaces.Box(-1.0, 1.0, (self.task.vector,), np.float32)

    def observe(self, state: State) -> Array:
        """The vector that the sensor gives."""
        return self.task.observe(state)["vector"]

    def advance(self, state: State, action: Array) -> tuple[State, Array, Array]:
        """One move: next state, foods eaten, whether the game ended."""
        after, ate, ended = rules.move(self.task.board, state, jnp.asarray(TURNS, jnp.int32)[action])
        return after, ate.astype(jnp.float32), ended

    def draw(self, state: State) -> NDArray[np.uint8]:
        """Picture of one state, (height, width, 3)."""
        board = self.task.board
        cells = np.full((board.cells, 3), GROUND, np.uint8)
        cells[int(state.food)] = FOOD
        cells[np.asarray(state.stamps) > int(state.clock)] = BODY
        cells[int(state.head)] = HEAD
        picture = cells.reshape(board.height, board.width, 3)
        return picture.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)


def course(sensor: str, board: dict[str, int]) -> Course:
    """Course of an environment's arguments. Raises InputError naming the wrong one."""
    return Course(SnakeTask(Board(**board), sensor))


class SnakeEnv(TaskEnv):
    """
    ## Description
    A snake on a board of cells eats and grows. It dies when it runs into a wall or into itself; its tail
    still lies where it is while the head moves.

    ```python
    import gymnasium
    import manyhands

    env = gymnasium.make("manyhands/Snake-v0", sensor="grid")
    many = gymnasium.make_vec("manyhands/Snake-v0", num_envs=1024, sensor="features")
    ```

    `make_vec` returns a vector whose environments share one compiled step; it restarts an environment in the
    step after the one that ended it.

    ## Action Space
    `Discrete(3)`: 0 straight on, 1 turn right, 2 turn left, each with one move.

    ## Observation Space
    `Box(-1, 1, (13,), float32)` with `sensor="features"`:

    | index | meaning |
    |---|---|
    | 0 to 2 | a move straight, right, left would be deadly |
    | 3 to 6 | the heading is left, right, up, down |
    | 7 to 10 | the food is further left, right, up, down |
    | 11 | angle to the food in turns, 0 to the right, clockwise, in (-.5, .5] |
    | 12 | distance to the food in units of the board's diagonal |

    `Box(-1, 1, (256,), float32)` with `sensor="grid"` adds a window of 9 by 9 cells around the head, turned
    so that the heading points up, row by row, in three layers: what is deadly; for how many moves it still
    is, at most 64, over 64 (1 for walls); the food.

    ## Rewards
    1 for a food, else 0. A death costs nothing but all foods that would have followed.

    ## Starting State
    In the middle of the board, heading right. The foods follow from the start's seed alone.
    `reset(options={"start": info["start"]})` starts again where the `reset` that returned that `info` did.

    ## Episode End
    Terminated by a wall, the body, a full board, or more than `cap` moves for each cell of the snake;
    truncated after `max_ticks`.

    ## Arguments
    | name | default | meaning |
    |---|---|---|
    | `sensor` | `"grid"` | `"grid"` or `"features"` |
    | `width`, `height` | `32`, `24` | of the board, 4 to 64 cells |
    | `start_length` | `3` | cells of the snake at the start |
    | `cap` | `100` | moves allowed for each cell of the snake |
    | `max_ticks` | `100000` | length of an episode |
    | `render_mode` | `None` | `"rgb_array"` draws the board |

    ## Version History
    - v0: first version.
    """

    metadata = TaskEnv.metadata | {"render_fps": TICKS_PER_S}
    progress_name = "score"

    def __init__(
        self,
        sensor: str = "grid",
        max_ticks: int = MAX_TICKS,
        render_mode: str | None = None,
        **board: int,
    ) -> None:
        super().__init__(course(sensor, board), max_ticks, render_mode)


class SnakeVectorEnv(TaskVectorEnv):
    """`num_envs` games in one compiled step; the arguments are those of `SnakeEnv`."""

    metadata = TaskVectorEnv.metadata | {"render_fps": TICKS_PER_S}
    progress_name = "score"

    def __init__(
        self,
        num_envs: int = 1,
        sensor: str = "grid",
        max_ticks: int = MAX_TICKS,
        render_mode: str | None = None,
        **board: int,
    ) -> None:
        super().__init__(course(sensor, board), num_envs, max_ticks, render_mode)
