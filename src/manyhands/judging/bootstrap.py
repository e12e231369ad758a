"""A campaign's first champion: its architecture, frozen eyes, and a few seconds of the reference driver."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import jax
import numpy as np
from jax import Array

from manyhands.judging.course import Course
from manyhands.judging.records import HUMAN, Attempt
from manyhands.learners import takeover
from manyhands.learners.samples import Samples
from manyhands.policies import network, reference, simulate
from manyhands.policies.network import NetworkSpec, Params

ENCODER = "racer-camera-encoder"
SEED_S = 4.0
SHORTEST_S = 1.0
HIGHEST = 0.30
"""Score of a first champion that leaves people enough to teach."""


@dataclass(frozen=True)
class Seeding:
    """What a first champion is made of.

    blank: untrained parameters; attempt: a drive of the reference from a fresh start, of which the first
    `seed_ticks` are learned, of so many a second; key: of the training.
    """

    network: NetworkSpec
    blank: Params
    attempt: Attempt
    seed_ticks: int
    ticks_per_s: float
    key: Array


def network_of(course: Course) -> tuple[NetworkSpec, Params]:
    """Architecture of the campaign's policies and the parameters that no training changes.

    A camera policy sees through an encoder that was trained to tell distances from pictures and has never
    seen anyone drive; only what comes after it learns from people.
    """
    play = course.play
    shape = NetworkSpec(vector=play.vector, head=play.head, bins=play.bins, actions=len(play.bins))
    if play.image is None:
        return shape, {}
    eyes = reference.driver(ENCODER)
    frozen = {name: value for name, value in eyes.params.items() if name.startswith("encoder.")}
    return replace(shape, encoder=eyes.network.encoder), frozen


def demonstrate(course: Course, key: Array, seconds: float = SEED_S) -> Seeding:
    """Let the reference driver drive once; enough fresh starts are tried that it survives one."""
    task, solver = course.play, course.as_solver(course.play)
    init_key, start_key, train_key = jax.random.split(key, 3)
    spec, frozen = network_of(course)
    states = simulate.fresh_starts(task, start_key, 8)
    row = int(np.flatnonzero(course.survives(task, states))[0])
    driver = course.solver
    actions, final = simulate.recorded(solver, driver.network, driver.params, states)
    attempt = Attempt(
        id="seed",
        player="",
        champion="",
        start=task.to_plain(simulate.pick(states, row)),
        actions=np.asarray(actions)[:, row],
        actors=np.full(task.max_ticks, HUMAN, np.uint8),
        final=task.final_of(simulate.pick(final, row)),
    )
    blank = network.init(spec, init_key) | frozen
    return Seeding(spec, blank, attempt, round(seconds * task.ticks_per_s), task.ticks_per_s, train_key)


def shorter(seeding: Seeding) -> Iterator[Seeding]:
    """The same drive, of which ever less is learned: half of it each time, down to SHORTEST_S.

    What a few seconds teach depends on where they were driven; the first that gives at most HIGHEST will do.
    """
    least = round(SHORTEST_S * seeding.ticks_per_s)
    yield seeding
    while seeding.seed_ticks > least:
        seeding = replace(seeding, seed_ticks=max(least, seeding.seed_ticks // 2))
        yield seeding


def teach(seeding: Seeding, samples: Samples) -> Params:
    """The first champion from the seed's samples."""
    config = takeover.Config()
    return takeover.fit(seeding.network, config, seeding.blank, samples, len(samples), seeding.key)
