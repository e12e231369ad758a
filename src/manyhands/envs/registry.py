"""Every environment under its versioned id; the judge and the CLI know environments through this only."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from manyhands.envs.core import Plain, Task
from manyhands.envs.racer import task as racer
from manyhands.envs.snake import task as snake
from manyhands.errors import NotFoundError


@dataclass(frozen=True)
class _Entry:
    """What an environment's module offers: its tasks, their sensors, the driver that defines score 1.0."""

    make: Callable[[Plain, str], Task]
    with_sensor: Callable[[Any, Plain], Task]
    reference: Callable[[Plain], str]


_ENTRIES = {
    "racer-v0": _Entry(racer.make, racer.with_sensor, racer.reference_driver),
    "snake-v0": _Entry(snake.make, snake.with_sensor, snake.reference_driver),
}


def ids() -> list[str]:
    """Ids of all environments."""
    return sorted(_ENTRIES)


def task(environment: str, config: Plain, suite: str) -> Task:
    """Task of a campaign's configuration on the suite `play`, `gate` or `heldout`.

    Raises NotFoundError for an unknown environment and InputError naming a wrong field of the configuration.
    """
    return _entry(environment).make(config, suite)


def reference(environment: str, config: Plain) -> str:
    """Name of the packaged driver that defines score 1.0 under a configuration."""
    return _entry(environment).reference(config)


def with_sensor(task: Task, sensor: Plain) -> Task:
    """The same task seen through another sensor, given in its JSON form."""
    return _entry(task.environment).with_sensor(task, sensor)


def _entry(environment: str) -> _Entry:
    if environment not in _ENTRIES:
        raise NotFoundError(f"There is no environment {environment!r}; choose one of {', '.join(ids())}.")
    return _ENTRIES[environment]


def canonical(config: Plain) -> str:
    """One text per configuration, whatever the order of its keys."""
    return json.dumps(config, sort_keys=True)


def parse(text: str) -> Plain:
    """Inverse of `canonical`."""
    return cast(Plain, json.loads(text))
