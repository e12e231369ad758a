from __future__ import annotations

import base64

import pytest
from arena_harness import CID, SECOND, START, Stage
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from manyhands.arena import api as arena
from manyhands.arena.attempts import Play
from manyhands.arena.environments import environment_spec
from manyhands.errors import ConflictError, ExpiredError, InputError, TransitionError
from manyhands.judging.records import attempt_root
from manyhands.storage.schema import campaigns


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def parsed(ticks: int, actions: bytes, actors: bytes) -> Play:
    """A play of the racer as it comes over the wire."""
    play = Play.parse(ticks, encoded(actions), encoded(actors), {"x": 0.0})
    play.check(environment_spec("racer-v0"))
    return play


@given(st.binary(max_size=900), st.binary(max_size=400), st.integers(-1, 400))
def test_parsing_accepts_exactly_what_fits_the_ticks(actions: bytes, actors: bytes, ticks: int) -> None:
    fits = (
        1 <= ticks <= 300
        and len(actions) == 2 * ticks
        and len(actors) == ticks
        and 0x80 not in actions
        and max(actors, default=0) <= 1
    )
    if fits:
        play = parsed(ticks, actions, actors)
        assert (play.actions, play.actors) == (actions, actors)
        return
    with pytest.raises(InputError) as refused:
        parsed(ticks, actions, actors)
    assert refused.value.field in ("ticks", "actions", "actors")


@pytest.mark.parametrize("ticks", [1, 160, 161, 300])
@pytest.mark.parametrize("axes", [1, 2])
def test_actions_fit_the_environment(stage: Stage, ticks: int, axes: int) -> None:
    player = stage.guest()
    row = stage.assign(player)
    stage.connection.execute(update(campaigns).values(environment="snake-v0"))
    play, at = Play(ticks, bytes(axes * ticks), bytes(ticks), {"head": 1.0}), stage.now + 40 * SECOND
    if ticks <= 160 and axes == 1:
        assert arena.submit(stage.connection, row["id"], player, play, at)
        return
    with pytest.raises(InputError) as refused:
        arena.submit(stage.connection, row["id"], player, play, at)
    assert refused.value.field == ("ticks" if ticks > 160 else "actions")
    assert arena.read_assignment(stage.connection, row["id"], player)["max_ticks"] == 160


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_final_state_is_finite(number: float) -> None:
    with pytest.raises(InputError) as refused:
        Play.parse(1, encoded(bytes(2)), encoded(bytes(1)), {"speed": number})
    assert refused.value.field == "final.speed"


def test_the_root_is_the_judges() -> None:
    play = Play(2, bytes([1, 2, 3, 4]), bytes([0, 1]), {"x": 1.0, "cos": 0.5})
    assert play.root(START, CID) == attempt_root(START, CID, play.actions, play.actors, play.final)


@pytest.mark.parametrize(
    ("elapsed_s", "accepted"), [(17.9, False), (18.1, True), (180.0, True), (180.1, False)]
)
def test_the_window_to_hand_in(stage: Stage, elapsed_s: float, accepted: bool) -> None:
    player = stage.guest()
    row = stage.assign(player)
    full = Play(300, bytes(600), bytes(300), {"x": 1.0})
    at = stage.now + round(elapsed_s * SECOND)
    if accepted:
        assert arena.submit(stage.connection, row["id"], player, full, at)
    else:
        with pytest.raises((InputError, ExpiredError)):
            arena.submit(stage.connection, row["id"], player, full, at)


def test_a_play_counts_once(stage: Stage) -> None:
    player = stage.guest()
    row = stage.assign(player)
    play = Play(1, bytes(2), bytes(1), {"x": 1.0})
    at = stage.now + SECOND
    first = arena.submit(stage.connection, row["id"], player, play, at)
    assert arena.submit(stage.connection, row["id"], player, play, at + 999 * SECOND) == first
    other = Play(1, bytes(2), bytes([1]), {"x": 1.0})
    with pytest.raises(ConflictError):
        arena.submit(stage.connection, row["id"], player, other, at)
    with pytest.raises(TransitionError):
        arena.cancel_assignment(stage.connection, row["id"], player, at)
