"""The drivers that come with the package: the reference that defines score 1.0, and scripted players'.

Their files lie in `weights/`. Each of these, as `python -m manyhands.learners.…`, makes one again:

    racer-lidar-reference       ppo --out FILE
    racer-lidar-skilled-1, -2   ppo --seed 1 (or 2) --out FILE
    racer-camera-encoder        perception --out FILE
    racer-camera-reference      distillation --encoder ENCODER --out FILE
    snake-grid-reference        dqn --sensor grid --seed 0 --out FILE
    snake-grid-skilled-1, -2    dqn --sensor grid --seed 1 (or 2) --out FILE
    snake-features-base         snake_ppo --seed 0 --out FILE
"""

from functools import cache
from importlib import resources

from manyhands.errors import NotFoundError
from manyhands.policies import files
from manyhands.policies.files import Policy


def names() -> list[str]:
    """Names of the packaged policies."""
    folder = resources.files("manyhands.policies") / "weights"
    return sorted(entry.name.removesuffix(".safetensors") for entry in folder.iterdir())


@cache
def driver(name: str) -> Policy:
    """A packaged policy by name, `racer-lidar-reference` for one. Raises NotFoundError listing the names."""
    if name not in names():
        raise NotFoundError(f"There is no packaged policy {name!r}; choose one of {', '.join(names())}.")
    data = (resources.files("manyhands.policies") / "weights" / f"{name}.safetensors").read_bytes()
    return files.parse(data)
