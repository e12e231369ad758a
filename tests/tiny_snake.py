"""A small board with short snakes: a Snake campaign that is judged in seconds once it is compiled."""

from __future__ import annotations

from functools import cache

from manyhands.envs import registry
from manyhands.envs.core import Task
from manyhands.judging import value
from manyhands.judging.course import Course
from manyhands.judging.gate import GateConfig
from manyhands.judging.round import RoundConfig
from manyhands.learners import takeover
from manyhands.policies import reference

ROWS = value.ROWS
CONFIG = {"sensor": {"kind": "grid"}, "conditions": {"width": 12, "height": 10, "longest": 20}}
ROUNDS = RoundConfig(
    training=takeover.Config(steps=300, batch=64),
    gate=GateConfig(alpha=0.4, beta=0.1, effect=0.3, block=ROWS, most=4 * ROWS),
    pay_starts=ROWS,
    least_lot=4,
    margin=0.5,
)


@cache
def task() -> Task:
    return registry.task("snake-v0", CONFIG, "play")


@cache
def course() -> Course:
    driver = reference.driver(registry.reference("snake-v0", CONFIG))
    return Course(task(), task(), task(), driver, standing_starts=ROWS)
