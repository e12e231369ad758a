"""Takeover learning: weighted imitation of what people did, candidate and control trained side by side.

A human-gated DAgger (Kelly et al., 2019): the data are ticks at which a person held control, and, at a low
weight, ticks at which the person watched and chose not to. The head is categorical, because people avoid an
obstacle left or right and a mean of both drives into it. The picture encoder, where there is one, is frozen:
its features are computed once per tick and the training sees vectors only.

Run it to teach a policy from recorded samples (an .npz with features, labels, weights):

    python -m manyhands.learners.takeover samples.npz --out policy.safetensors
"""

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from manyhands.learners.samples import Samples
from manyhands.policies import network
from manyhands.policies.network import NetworkSpec, Params

CAPACITIES = tuple(4096 * 4**power for power in range(6))


@dataclass(frozen=True)
class Config:
    """Settings of one training."""

    steps: int = 1000
    """minibatches"""
    batch: int = 256
    """samples per minibatch"""
    learning_rate: float = 2e-3
    """of AdamW, at the start; falls to zero along a cosine, so that two trainings end close together"""
    weight_decay: float = 1e-4
    """of AdamW"""
    label_width: tuple[float, ...] = (0.1, 0.2)
    """standard deviation of the soft label around the driven value, for each action axis there is"""


def soft_labels(spec: NetworkSpec, config: Config, labels: Array) -> list[Array]:
    """Target distribution over the bins of each axis for labels (n, A)."""
    targets = []
    widths = config.label_width[: spec.actions]
    for axis, (count, width) in enumerate(zip(spec.bins, widths, strict=True)):
        gap = labels[:, axis, None] - network.bin_values(count)
        targets.append(jax.nn.softmax(-0.5 * (gap / width) ** 2, axis=-1))
    return targets


def loss(spec: NetworkSpec, config: Config, params: Params, batch: tuple[Array, Array, Array]) -> Array:
    """Weighted cross-entropy over a minibatch of features, labels, weights."""
    features, labels, weights = batch
    outputs = network.head(spec, params, features)
    total, offset = jnp.zeros(len(weights)), 0
    for target in soft_labels(spec, config, labels):
        logits = outputs[:, offset : offset + target.shape[-1]]
        offset += target.shape[-1]
        total = total - (target * jax.nn.log_softmax(logits)).sum(-1)
    return (total * weights).sum() / jnp.maximum(weights.sum(), 1e-6)


@partial(jax.jit, static_argnums=(0, 1))
def _fit(spec: NetworkSpec, config: Config, params: Params, data: Any, bounds: Array, key: Array) -> Params:
    """`bounds`: how many samples there are, and how many of them may be used; see `fit`."""
    schedule = optax.cosine_decay_schedule(config.learning_rate, config.steps)
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=config.weight_decay)
    )
    frozen = {name: value for name, value in params.items() if name.startswith("encoder.")}
    trained = {name: value for name, value in params.items() if name not in frozen}

    def step(carry: tuple[Params, Any], key: Array) -> tuple[tuple[Params, Any], None]:
        trained, state = carry
        first, second = jax.random.split(key)
        rows = jax.random.randint(first, (config.batch,), 0, bounds[0])
        instead = jax.random.randint(second, (config.batch,), 0, bounds[1])
        rows = jnp.where(rows < bounds[1], rows, instead)
        batch = jax.tree.map(lambda leaf: leaf[rows], data)
        gradient = jax.grad(lambda p: loss(spec, config, p, batch))(trained)
        change, state = optimiser.update(gradient, state, trained)
        return (optax.apply_updates(trained, change), state), None

    keys = jax.random.split(key, config.steps)
    (trained, _), _ = jax.lax.scan(step, (trained, optimiser.init(trained)), keys)
    return trained | frozen


def fit(
    spec: NetworkSpec,
    config: Config,
    params: Params,
    samples: Samples,
    use: int,
    key: Array,
) -> Params:
    """Train from `params` on the first `use` of the samples.

    Minibatches are drawn over all samples; a row at or beyond `use` is replaced by one below it, so a control
    (use = old data) and a candidate (use = all) with the same key share every row that both may see.
    Raises ValueError when there is nothing to learn from.
    """
    if use < 1:
        raise ValueError("There are no samples to learn from.")
    capacity = next(size for size in CAPACITIES if size >= len(samples))
    room = capacity - len(samples)
    data = (
        np.pad(samples.features, ((0, room), (0, 0))),
        np.pad(samples.labels, ((0, room), (0, 0))),
        np.pad(samples.weights, (0, room)),
    )
    taught: Params = _fit(spec, config, params, data, jnp.array([len(samples), use]), key)
    return taught


def main() -> None:
    """Teach a policy from recorded samples and write its file."""
    from manyhands.policies.files import Policy, dump

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("samples", type=Path, help=".npz with features, labels, weights")
    parser.add_argument("--out", type=Path, required=True, help="policy file to write")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with np.load(arguments.samples, allow_pickle=False) as data:
        samples = Samples(data["features"], data["labels"], data["weights"])
    spec = NetworkSpec(vector=samples.features.shape[1])
    first, second = jax.random.split(jax.random.key(arguments.seed))
    params = fit(spec, Config(), network.init(spec, first), samples, len(samples), second)
    sensor = {"kind": "lidar", "beams": spec.vector - 3}
    arguments.out.write_bytes(dump(Policy("racer-v0", sensor, spec, params)))


if __name__ == "__main__":
    main()
