"""DeepRacer's hyperparameters: their names, defaults and ranges, from `hyperparameters.json`. No JAX."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from manyhands.envs.limits import require
from manyhands.errors import InputError

BATCH_SIZES = (32, 64, 128, 256, 512)
LOSSES = ("huber", "mse")
# Written by DeepRacer beside these; they belong to other learners, other ends or pictures stacked in time.
OTHERS = {
    "e_greedy_value",
    "epsilon_steps",
    "exploration_type",
    "sac_alpha",
    "stack_size",
    "term_cond_avg_score",
    "term_cond_max_episodes",
}


@dataclass(frozen=True)
class Hyperparameters:
    """Of clipped PPO. An iteration is `num_episodes_between_training` episodes of all cars together."""

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

    def __post_init__(self) -> None:
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
        require("num_epochs", self.num_epochs, 3, 10, whole=True)
        require("lr", self.lr, 1e-8, 1e-3)
        require("beta_entropy", self.beta_entropy, 0.0, 1.0)
        require("discount_factor", self.discount_factor, 0.0, 1.0)
        require("num_episodes_between_training", self.num_episodes_between_training, 5, 100, whole=True)

    @property
    def plain(self) -> dict[str, Any]:
        """JSON form, as in `hyperparameters.json`."""
        return asdict(self)


def parse(plain: Any) -> Hyperparameters:
    """Hyperparameters of their JSON form; what is missing has its default.

    Their other keys are allowed and have no effect. Raises InputError naming the wrong field.
    """
    if not isinstance(plain, dict):
        raise InputError(f"Hyperparameters are an object, not {plain!r}.", field="hyperparameters")
    known = {name: value for name, value in plain.items() if name not in OTHERS}
    own = Hyperparameters.__dataclass_fields__.keys()
    unknown = sorted(known.keys() - own)
    if unknown:
        raise InputError(
            f"There is no hyperparameter {', '.join(unknown)}.",
            field=f"hyperparameters.{unknown[0]}",
            remedy=f"Choose of {', '.join(own)}.",
        )
    # Console and files write the loss in different cases.
    loss = known.get("loss_type")
    if isinstance(loss, str):
        known["loss_type"] = {"mean squared error": "mse"}.get(loss.lower(), loss.lower())
    return Hyperparameters(**known)
