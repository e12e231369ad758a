"""Every environment under its versioned id; the judge and the CLI know environments through this only."""

import json
from typing import cast

from manyhands.envs.core import Plain, Task
from manyhands.envs.racer import task as racer
from manyhands.errors import NotFoundError

_TASKS = {"racer-v0": racer.make}
_SENSORS = {"racer-v0": racer.with_sensor}
_REFERENCES = {"racer-v0": racer.reference_driver}


def ids() -> list[str]:
    """Ids of all environments."""
    return sorted(_TASKS)


def task(environment: str, config: Plain, suite: str) -> Task:
    """Task of a campaign's configuration on the suite `play`, `gate` or `heldout`.

    Raises NotFoundError for an unknown environment and InputError naming a wrong field of the configuration.
    """
    if environment not in _TASKS:
        raise NotFoundError(f"There is no environment {environment!r}; choose one of {', '.join(ids())}.")
    return _TASKS[environment](config, suite)


def reference(environment: str, config: Plain) -> str:
    """Name of the packaged driver that defines score 1.0 under a configuration."""
    return _REFERENCES[environment](config)


def with_sensor(task: Task, sensor: Plain) -> Task:
    """The same task seen through another sensor, given in its JSON form."""
    return _SENSORS[task.environment](task, sensor)


def canonical(config: Plain) -> str:
    """One text per configuration, whatever the order of its keys."""
    return json.dumps(config, sort_keys=True)


def parse(text: str) -> Plain:
    """Inverse of `canonical`."""
    return cast(Plain, json.loads(text))
