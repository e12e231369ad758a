"""A campaign by camera: its first champion sees through a frozen encoder and learns from what it sees."""

from __future__ import annotations

import jax
import numpy as np

import tiny_course
from manyhands.envs import registry
from manyhands.judging import bootstrap, value
from manyhands.judging.course import Course
from manyhands.policies import reference

CONFIG = {"sensor": {"kind": "camera"}, "tracks": ["gen-0"]}


def test_a_first_champion_learns_behind_its_eyes() -> None:
    task = registry.task("racer-v0", CONFIG, "play")
    driver = reference.driver("racer-camera-reference")
    course = Course(task, task, task, driver, standing_starts=tiny_course.ROWS)
    seeding = bootstrap.demonstrate(course, jax.random.key(0))
    [valued] = value.value(task, seeding.network, seeding.blank, [seeding.attempt])
    assert valued.refusal == ""
    assert valued.samples is not None
    champion = bootstrap.teach(seeding, valued.samples.first(seeding.seed_ticks))
    for name, weights in seeding.blank.items():
        assert np.array_equal(champion[name], weights) == name.startswith("encoder.")
    before, after = (
        course.heldout_scores(seeding.network, params).mean() for params in (seeding.blank, champion)
    )
    assert before < after
