"""A Snake campaign goes through the judge like any other: first champion, values, starts, a round."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tiny_snake
from manyhands.envs.core import Task
from manyhands.judging import bootstrap, payout, round, starts, value
from manyhands.judging.course import Course
from manyhands.judging.records import HUMAN, POLICY, Attempt, Valued
from manyhands.judging.round import Entry, Standing
from manyhands.learners.samples import Samples
from manyhands.policies import network, simulate
from manyhands.policies.files import Policy
from manyhands.policies.network import NetworkSpec, Params

ROWS = tiny_snake.ROWS
PLAYED = 12


@pytest.fixture(scope="module")
def task() -> Task:
    return tiny_snake.task()


@pytest.fixture(scope="module")
def course() -> Course:
    return tiny_snake.course()


@pytest.fixture(scope="module")
def driver(course: Course) -> Policy:
    return course.solver


@pytest.fixture(scope="module")
def first(course: Course) -> tuple[NetworkSpec, Params, Samples]:
    """The first champion, from a few seconds of the reference, with what it was made of."""
    seeding = bootstrap.demonstrate(course, jax.random.key(0))
    found = value.drives(course.play, seeding.network, seeding.blank, [seeding.attempt])["seed"]
    samples = found.samples(0).first(seeding.seed_ticks)
    return seeding.network, bootstrap.teach(seeding, samples), samples


def attempts(task: Task, driver: Policy, states: Any) -> list[Attempt]:
    """The reference's hand holds on for whole attempts."""
    length = task.max_ticks

    def tick(carry: Any, _: None) -> Any:
        state, alive = carry
        action = jax.vmap(
            lambda s: task.quantise(network.act(driver.network, driver.params, task.observe(s)))
        )(state)
        moved, _progress, ended = jax.vmap(task.step)(state, action)
        return (simulate.keep(alive, moved, state), alive & ~ended), (action, alive)

    begin = (states, jnp.ones(ROWS, bool))
    (final, _), (actions, alive) = jax.jit(lambda: jax.lax.scan(tick, begin, None, length=length))()
    actions, ticks = np.asarray(actions), np.asarray(alive).sum(axis=0)
    return [
        Attempt(
            id=f"att_{row}",
            player=f"plr_{row % 4}",
            champion="champion",
            start=task.to_plain(simulate.pick(states, row)),
            actions=actions[: ticks[row], row],
            actors=np.full(ticks[row], HUMAN, np.uint8),
            final=task.final_of(simulate.pick(final, row)),
        )
        for row in range(PLAYED)
    ]


@pytest.fixture(scope="module")
def played(task: Task, driver: Policy, course: Course, first: tuple[NetworkSpec, Params, Samples]) -> Any:
    """Attempts from where the champion is about to die, and their values."""
    spec, champion, _ = first
    found = starts.failing(course, spec, champion, jax.random.key(1), ROWS)
    assert len(found) >= 4
    states = simulate.stack_states([task.from_plain(start) for start in found], ROWS)
    assert course.survives(task, states).all()
    made = attempts(task, driver, states)
    return made, value.value(task, spec, champion, made)


def test_players_begin_before_the_champion_dies(
    task: Task, course: Course, first: tuple[NetworkSpec, Params, Samples]
) -> None:
    spec, champion, _ = first
    lasted = []
    for number in range(4):
        found = starts.failing(course, spec, champion, jax.random.key(number), ROWS)
        states = simulate.stack_states([task.from_plain(start) for start in found], ROWS)
        _, running = simulate.drive(task, spec, champion, states, np.ones(ROWS, bool), task.max_ticks)
        lasted += np.asarray(running).sum(axis=0)[: len(found)].tolist()
    dying = np.array([ticks for ticks in lasted if ticks < task.max_ticks])
    assert len(dying) >= 4
    least, most = starts.BEFORE_S
    in_time = (least * task.ticks_per_s - 1 <= dying) & (dying <= most * task.ticks_per_s + 1)
    assert in_time.mean() > 0.5


def test_a_rescue_is_worth_foods_and_a_false_claim_is_refused(
    task: Task, played: tuple[list[Attempt], list[Valued]], first: tuple[NetworkSpec, Params, Samples]
) -> None:
    made, found = played
    assert not any(valued.refusal for valued in found)
    assert sum(valued.value for valued in found) > len(found) * 0.5
    assert max(takeover.gain for valued in found for takeover in valued.takeovers) <= task.progress_clip
    spec, champion, _ = first
    claimed = [
        Attempt(**vars(attempt) | {"actors": np.full(attempt.ticks, POLICY, np.uint8)}) for attempt in made
    ]
    moved = [Attempt(**vars(attempt) | {"final": attempt.final | {"food": 0}}) for attempt in made]
    for wrong in (claimed, moved):
        assert all(valued.refusal for valued in value.value(task, spec, champion, wrong))


def test_a_round_teaches_the_champion(
    course: Course,
    played: tuple[list[Attempt], list[Valued]],
    first: tuple[NetworkSpec, Params, Samples],
) -> None:
    spec, champion, old = first
    pairs = zip(*played, strict=True)
    lot = tuple(Entry(a.id, a.player, v.value, v.samples) for a, v in pairs if v.samples is not None)
    heldout = course.heldout_scores(spec, champion)
    standing = Standing(
        network=spec,
        champion=champion,
        heldout=heldout,
        old=old,
        lot=lot,
        tries=0,
        tried_size=0,
        pooled=payout.Pooled(),
        escrow_micro=10**9,
        first_score=float(heldout.mean()),
        target_score=1.0,
    )
    outcome = round.judge(course, standing, tiny_snake.ROUNDS, "root", "ab" * 32)
    assert outcome.kind == "promoted", outcome.reason
    assert outcome.heldout is not None
    assert outcome.heldout.mean() > heldout.mean()
    assert 0 <= outcome.pool_micro <= 10**9


def test_starts_in_the_middle_of_a_game_are_games(task: Task) -> None:
    states = simulate.fresh_starts(task, jax.random.key(2), 64)
    assert np.asarray(states.length).max() > 12
    for row in range(64):
        state = simulate.pick(states, row)
        plain = task.to_plain(state)
        again = task.from_plain(plain)
        np.testing.assert_array_equal(again.stamps, state.stamps)
        assert plain["food"] not in plain["body"]
        assert len(plain["body"]) == state.length <= 20
