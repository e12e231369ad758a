"""DeepRacer's hyperparameters: their names, defaults and ranges, from `hyperparameters.json`. No JAX."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from manyhands.envs.limits import require
from manyhands.errors import InputError

Algorithm = Literal["ppo", "sac", "policy-gradient"]
BATCH_SIZES = (32, 64, 128, 256, 512)
LOSSES = ("huber", "mse")
_ALWAYS = ("batch_size", "lr", "discount_factor", "loss_type", "num_episodes_between_training")
NAMES: dict[Algorithm, tuple[str, ...]] = {
    "ppo": (*_ALWAYS, "num_epochs", "beta_entropy"),
    "sac": (*_ALWAYS, "sac_alpha"),
    "policy-gradient": (*_ALWAYS, "beta_entropy"),
}
"""What each algorithm is told."""
_OWN_DEFAULTS: dict[Algorithm, dict[str, Any]] = {
    "ppo": {},
    "sac": {"loss_type": "mse", "num_episodes_between_training": 1},
    "policy-gradient": {},
}
# Written by DeepRacer beside these; they belong to other learners, other ends or pictures stacked in time.
OTHERS = {
    "e_greedy_value",
    "epsilon_steps",
    "exploration_type",
    "stack_size",
    "term_cond_avg_score",
    "term_cond_max_episodes",
}


@dataclass(frozen=True)
class Hyperparameters:
    """Of one algorithm; NAMES tells which of them it uses.

    An iteration is `num_episodes_between_training` episodes of all cars together.
    """

    batch_size: int = 64
    """samples of one gradient step"""
    num_epochs: int = 10
    """passes over the episodes of an iteration"""
    lr: float = 3e-4
    """learning rate of Adam"""
    beta_entropy: float = 0.01
    """weight of the entropy in the objective"""
    discount_factor: float = 0.99
    """of a tick"""
    loss_type: Literal["huber", "mse"] = "huber"
    """error of the critic"""
    num_episodes_between_training: int = 20
    """episodes of an iteration"""
    sac_alpha: float = 0.2
    """what a nat of entropy is worth, in rewards of their usual size"""
    algorithm: Algorithm = "ppo"
    """what learns with them"""

    def __post_init__(self) -> None:
        known_algorithm(self.algorithm)
        if self.batch_size not in BATCH_SIZES:
            raise InputError(
                f"batch_size is {self.batch_size!r}.",
                field="batch_size",
                remedy=f"Use one of {', '.join(map(str, BATCH_SIZES))}.",
            )
        if self.loss_type not in LOSSES:
            raise InputError(
                f"loss_type is {self.loss_type!r}.", field="loss_type", remedy=f"Use {' or '.join(LOSSES)}."
            )
        for name, (low, high) in ranges_of(self.algorithm).items():
            require(name, getattr(self, name), low, high, whole=isinstance(low, int))

    @property
    def plain(self) -> dict[str, Any]:
        """JSON form, as in `hyperparameters.json`: what the algorithm uses."""
        return {name: value for name, value in asdict(self).items() if name in NAMES[self.algorithm]}


def ranges_of(algorithm: Algorithm) -> dict[str, tuple[float, float]]:
    """Least and most of every number that is not one of a few; whole numbers have whole ends."""
    episodes = (1 if algorithm == "sac" else 5, 100)
    return {
        "num_epochs": (3, 10),
        "lr": (1e-8, 1e-3),
        "beta_entropy": (0.0, 1.0),
        "discount_factor": (0.0, 1.0),
        "num_episodes_between_training": episodes,
        "sac_alpha": (0.0, 1.0),
    }


def known_algorithm(name: str) -> Algorithm:
    """The algorithm of a name. Raises InputError listing all of them."""
    for algorithm in NAMES:
        if name == algorithm:
            return algorithm
    raise InputError(f"There is no algorithm {name!r}.", field="algorithm", remedy=f"Use {', '.join(NAMES)}.")


def continuous_only() -> InputError:
    """The error of a list of actions for SAC."""
    return InputError(
        "SAC learns continuous actions only.",
        field="action_space",
        remedy="Give ranges of steering_angle and speed, or use ppo.",
    )


def defaults(algorithm: Algorithm) -> Hyperparameters:
    """What an algorithm learns with unless told otherwise."""
    return Hyperparameters(**_OWN_DEFAULTS[algorithm], algorithm=algorithm)


def parse(plain: Any, algorithm: str = "ppo") -> Hyperparameters:
    """Hyperparameters of their JSON form; what is missing has the algorithm's default.

    Keys that are not the algorithm's are allowed where DeepRacer writes them, and have no effect. Raises
    InputError naming the wrong field.
    """
    if not isinstance(plain, dict):
        raise InputError(f"Hyperparameters are an object, not {plain!r}.", field="hyperparameters")
    which = known_algorithm(algorithm)
    all_names = {field.name for field in fields(Hyperparameters)} - {"algorithm"}
    unknown = sorted(plain.keys() - OTHERS - all_names)
    if unknown:
        raise InputError(
            f"There is no hyperparameter {', '.join(unknown)}.",
            field=f"hyperparameters.{unknown[0]}",
            remedy=f"Choose of {', '.join(NAMES[which])}.",
        )
    known = {name: value for name, value in plain.items() if name in NAMES[which]}
    # Console and files write the loss in different cases.
    loss = known.get("loss_type")
    if isinstance(loss, str):
        known["loss_type"] = {"mean squared error": "mse"}.get(loss.lower(), loss.lower())
    numbers = {name: _number(value) for name, value in known.items() if name != "loss_type"}
    return Hyperparameters(**_OWN_DEFAULTS[which] | known | numbers, algorithm=which)


def _number(value: Any) -> Any:
    """A number that is written as text, as some of their files have it, and a whole one without its point."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    return int(value) if isinstance(value, float) and value.is_integer() else value
