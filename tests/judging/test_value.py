"""Replay and value: what an attempt must be to count, and what a takeover is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tiny_course as tiny
from manyhands.judging import value as valuing
from manyhands.judging.records import HUMAN, POLICY, Attempt, Valued
from manyhands.policies import simulate

STEER = np.array([1.0, 0.0], np.float32)


def values(attempts: list[Attempt], *, good: bool = False) -> list[Valued]:
    spec, params = tiny.good() if good else tiny.bad()
    return valuing.value(tiny.task(), spec, params, attempts)


@pytest.fixture(scope="module")
def rescues() -> list[Attempt]:
    """The hand drives the first four seconds, then the bad champion; all crash in the end."""
    return tiny.play(tiny.bad(), tiny.starts(), tiny.hold(0, 60))


@pytest.fixture(scope="module")
def attempt(rescues: list[Attempt]) -> Attempt:
    assert rescues[0].ticks < tiny.task().max_ticks
    return rescues[0]


def refusal(attempt: Attempt) -> str:
    [valued] = values([attempt])
    assert valued.refusal == "" or (valued.value, valued.samples) == (0.0, None)
    return valued.refusal


def test_a_recorded_attempt_replays_to_the_state_it_ended_in(attempt: Attempt) -> None:
    assert refusal(attempt) == ""
    spec, params = tiny.bad()
    states = simulate.stack_states([tiny.task().from_plain(attempt.start)], tiny.ROWS)
    actions, ticks = valuing.padded_actions(tiny.task(), [attempt])
    trace = simulate.replay(tiny.task(), spec, params, states, actions, ticks)
    final = tiny.task().final_of(simulate.pick(trace.final, 0))
    assert final == attempt.final


def test_values_do_not_hang_on_the_company(rescues: list[Attempt]) -> None:
    together = values(rescues)
    assert values(rescues[::-1]) == together[::-1]
    assert [values([one])[0] for one in rescues[:2]] == together[:2]


def test_a_rescue_is_worth_something(rescues: list[Attempt]) -> None:
    for valued in values(rescues):
        assert valued.value > 0.0
        assert valued.progress > valued.alone_progress
        [takeover] = valued.takeovers
        assert (takeover.first, takeover.ticks) == (0, 60)
        assert takeover.gain == pytest.approx(
            min(takeover.hand_progress - takeover.alone_progress, tiny.task().progress_clip), abs=1e-3
        )
        assert takeover.alone_crash_s is not None


def test_copying_the_champion_is_worth_exactly_nothing() -> None:
    for valued in values(tiny.play(tiny.good(), tiny.starts(), tiny.hold(30, 120)), good=True):
        assert valued.refusal == ""
        assert valued.value == 0.0
        assert valued.human_ticks == 90


def test_doing_nothing_is_worth_nothing() -> None:
    for valued in values(tiny.play(tiny.bad(), tiny.starts(), tiny.hold(0, 0))):
        assert (valued.refusal, valued.value, valued.takeovers, valued.human_ticks) == ("", 0.0, (), 0)


def test_driving_off_the_road_is_harm() -> None:
    push = np.zeros((tiny.task().max_ticks, 2), np.float32) + 2.0 * STEER
    for valued in values(tiny.play(tiny.good(), tiny.starts(), tiny.hold(30, 120), push), good=True):
        assert valued.refusal == ""
        assert valued.crashed
        assert valued.value < -1.0


def test_making_a_danger_and_rescuing_from_it_earns_nothing() -> None:
    """Steer into danger for half a second, hand back for a moment, then drive well."""
    held = tiny.hold(30, 38) | tiny.hold(41, 101)
    push = np.zeros((tiny.task().max_ticks, 2), np.float32)
    push[30:38] += 0.35 * STEER
    found = values(tiny.play(tiny.good(), tiny.starts(), held, push), good=True)
    assert max(len(valued.takeovers) for valued in found) == 2
    for valued in found:
        assert valued.refusal == ""
        assert valued.value <= 0.0


def test_a_danger_made_by_ticks_that_pretend_to_be_the_models_earns_nothing() -> None:
    """Two in a hundred ticks may differ from the champion; they are valued like anybody's."""
    held, push = tiny.hold(30, 34) | tiny.hold(36, 96), np.zeros((300, 2), np.float32)
    push[30:34] += STEER
    attempts = tiny.play(tiny.good(), tiny.starts(), held, push)
    found = values([replace(a, actors=a.actors * ~tiny.hold(30, 34)[: a.ticks]) for a in attempts], good=True)
    accepted = [valued for valued in found if not valued.refusal]
    assert accepted
    assert {valued.takeovers[0].first for valued in accepted} == {30}
    assert max(valued.value for valued in accepted) <= 0.0


def test_edited_actions_are_refused(attempt: Attempt) -> None:
    actions = attempt.actions.copy()
    actions[20:40, 0] = -actions[20:40, 0] - 30
    assert "did not end where" in refusal(replace(attempt, actions=actions)) or "ended earlier" in refusal(
        replace(attempt, actions=actions)
    )


def test_a_wrong_final_pose_is_refused(attempt: Attempt) -> None:
    for wrong in ({"x": attempt.final["x"] + 0.06}, {"y": float("nan")}, {"x": None}):
        assert "did not end where your page said" in refusal(replace(attempt, final=attempt.final | wrong))
    assert refusal(replace(attempt, final=attempt.final | {"x": attempt.final["x"] + 0.04})) == ""
    assert "did not end where" in refusal(replace(attempt, final={}))


def test_anothers_start_is_refused(rescues: list[Attempt]) -> None:
    assert refusal(replace(rescues[0], start=rescues[1].start))
    moved = rescues[0].start | {"track": "gen-5"}
    assert "no state of racer-v0" in refusal(replace(rescues[0], start=moved))


def test_an_attempt_that_stops_before_its_crash_is_refused(attempt: Attempt) -> None:
    cut = replace(attempt, actions=attempt.actions[:30], actors=attempt.actors[:30])
    assert "stops before its time" in refusal(cut)


def test_an_attempt_that_goes_on_after_its_crash_is_refused(attempt: Attempt) -> None:
    longer = replace(
        attempt,
        actions=np.concatenate([attempt.actions, attempt.actions[-3:]]),
        actors=np.concatenate([attempt.actors, attempt.actors[-3:]]),
    )
    assert "ended earlier than your page says" in refusal(longer)


def test_a_crash_that_comes_one_tick_earlier_or_later_is_tolerated(attempt: Attempt) -> None:
    later = replace(
        attempt,
        actions=np.concatenate([attempt.actions, attempt.actions[-1:]]),
        actors=np.concatenate([attempt.actors, attempt.actors[-1:]]),
    )
    assert refusal(later) == ""


def test_ticks_that_pretend_to_be_the_models_are_refused(attempt: Attempt) -> None:
    assert "marked as the model's" in refusal(replace(attempt, actors=np.full_like(attempt.actors, POLICY)))
    assert refusal(replace(attempt, actors=np.full_like(attempt.actors, HUMAN))) == ""


def test_samples_are_what_people_did_and_what_they_let_pass(rescues: list[Attempt]) -> None:
    [valued] = values(rescues[:1])
    assert valued.samples is not None
    human = min(60, rescues[0].ticks)
    assert (valued.samples.weights[:human] == 1.0).all()
    assert (valued.samples.weights[human:] == np.float32(valuing.LEFT_TO_POLICY_WEIGHT)).all()
    # The last second before the crash teaches nothing.
    assert rescues[0].ticks - 15 - 1 <= len(valued.samples) <= rescues[0].ticks - 15 + 1
    np.testing.assert_array_equal(
        valued.samples.labels[:20], rescues[0].actions[:20].astype(np.float32) / 127.0
    )
    spec, params = tiny.bad()
    again = valuing.drives(tiny.task(), spec, params, rescues[:1])[rescues[0].id].samples(0)
    np.testing.assert_array_equal(again.features, valued.samples.features)


@pytest.mark.parametrize(
    ("held", "longest", "found"),
    [
        ([], 5, []),
        ([0, 0, 0], 5, []),
        ([1, 1, 0, 1], 5, [(0, 2), (3, 4)]),
        ([1] * 7, 3, [(0, 3), (3, 6), (6, 7)]),
        ([0, 1, 1, 1, 1], 4, [(1, 5)]),
    ],
)
def test_takeovers_are_cut_into_pieces(held: list[int], longest: int, found: list[tuple[int, int]]) -> None:
    assert valuing.stretches(np.array(held, bool), longest) == found
