"""The rules in JAX against one game at a time in plain Python, and what both say a policy sees."""

import random
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyhands.envs.snake import observation, rules, sight
from manyhands.envs.snake.board import ARCADE, Board
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.task import SnakeTask
from manyhands.errors import InputError

TINY = Board(width=4, height=4, start_length=2, cap=30)
BOARDS = {"arcade": ARCADE, "small": Board(6, 5, 2, 20), "tiny": TINY}


def careful(game: Game, chance: random.Random) -> int:
    """A player that mostly goes to the food and mostly stays alive."""
    safe = [turn for turn in (0, 1, -1) if not game.deadly(turn)]
    if not safe or chance.random() < 0.05:
        return chance.choice((0, 1, -1))
    width = game.board.width

    def far(turn: int) -> int:
        cell = game.neighbour(turn)
        assert cell is not None
        return abs(cell % width - game.food % width) + abs(cell // width - game.food // width)

    return min(safe, key=far)


def equal(state: rules.State, game: Game) -> None:
    stamps = np.asarray(state.stamps)
    order = np.argsort(-stamps, kind="stable")[: int(state.length)]
    assert order.tolist() == game.body
    assert int((stamps > int(state.clock)).sum()) == len(game.body)
    facts = (state.head, state.heading, state.length, state.food, state.eaten, state.steps)
    assert [int(fact) for fact in facts] == [
        game.body[0],
        game.heading,
        len(game.body),
        game.food,
        game.eaten,
        game.steps,
    ]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
def test_both_rules_agree(board: Board) -> None:
    move = jax.jit(partial(rules.move, board))
    see = jax.jit(lambda state: observation.observe(board, state, "grid"))
    endings = set()
    for seed in range(5):
        chance = random.Random(seed)
        game = Game(board, seed * 0x9E3779B1 & 0xFFFFFFFF)
        state = rules.begin(board, jnp.uint32(game.seed))
        equal(state, game)
        while not game.ended and game.steps < 200:
            turn = careful(game, chance)
            ate = game.move(turn)
            state, jax_ate, ended = move(state, jnp.int32(turn))
            assert (bool(jax_ate), bool(ended)) == (ate, bool(game.ended))
            equal(state, game)
            if not game.ended and game.steps % 7 == 0:
                np.testing.assert_allclose(np.asarray(see(state)), sight.of_game(game), atol=1e-6)
        endings.add(game.ended)
    assert "body" in endings or "wall" in endings


def test_a_batch_counts_free_cells_as_single_games_do() -> None:
    """On a nearly full board the drawn cells are taken, and the free ones are counted."""
    snake = [0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11, 15, 14]
    task = SnakeTask(TINY)
    games, states = [], []
    for seed in range(40):
        # The food is 13, next to the tail; the head has to come there around the whole board, so it is moved.
        body = snake[::-1]
        game = Game(TINY, seed, body=list(body), heading=2, food=13, eaten=5)
        plain = {"body": body, "heading": 2, "food": 13, "seed": seed, "eaten": 5, "steps": 0}
        games.append(game)
        states.append(task.from_plain(plain))
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    moved, ate, _ = jax.jit(jax.vmap(partial(rules.move, TINY)))(stacked, jnp.zeros(len(games), jnp.int32))
    assert np.asarray(ate).all()
    for row, game in enumerate(games):
        game.move(0)
        assert game.body[0] == 13
        assert int(moved.food[row]) == game.food == 12


def test_a_new_game_on_a_used_board_is_like_any_other() -> None:
    board = BOARDS["small"]
    task = SnakeTask(board)
    on, move = jax.jit(partial(rules.move_on, board)), jax.jit(partial(rules.move, board))
    see = jax.jit(lambda state: task.observe(state)["vector"])
    state, chance = rules.begin(board, jnp.uint32(0)), random.Random(1)
    for seed in range(8):
        game = Game(board, seed)
        while not game.ended:
            equal(state, game)
            np.testing.assert_allclose(see(state), sight.of_game(game), atol=1e-6)
            turn = careful(game, chance)
            game.move(turn)
            moved, *told = move(state, jnp.int32(turn))
            state, *told_on = on(state, jnp.int32(turn), jnp.uint32(seed + 1))
            assert [bool(one) for one in told_on] == [bool(one) for one in told]
            if not game.ended:
                assert jax.tree.all(jax.tree.map(np.array_equal, state, moved))


def test_a_full_board_ends_the_game() -> None:
    body = [13, 14, 15, 11, 10, 9, 8, 4, 5, 6, 7, 3, 2, 1, 0]
    game = Game(TINY, 1, body=list(body), heading=2, food=12, eaten=13)
    plain = {"body": body, "heading": 2, "food": 12, "seed": 1, "eaten": 13, "steps": 0}
    before = jax.tree.map(jnp.asarray, SnakeTask(TINY).from_plain(plain))
    state, ate, ended = rules.move(TINY, before, jnp.int32(0))
    assert game.move(0)
    assert game.ended == "full"
    assert [bool(ate), bool(ended), int(state.length)] == [True, True, TINY.cells]


def test_a_death_costs_a_food_and_a_full_board_does_not() -> None:
    last = {"body": [13, 14, 15, 11, 10, 9, 8, 4, 5, 6, 7, 3, 2, 1, 0], "heading": 2, "food": 12, "seed": 1}
    wall = {"body": [5, 6, 7], "heading": 2, "food": 0, "seed": 1}
    task = SnakeTask(TINY)

    def progress(plain: dict[str, Any], *turns: int) -> list[tuple[float, bool]]:
        state, found = jax.tree.map(jnp.asarray, task.from_plain(plain | {"eaten": 0, "steps": 0})), []
        for turn in turns:
            state, made, ended = task.step(state, jnp.array([turn], jnp.int8))
            found.append((float(made), bool(ended)))
        return found

    assert progress(last, 0) == [(1.0, True)]
    assert progress(wall, 0, 0) == [(0.0, False), (-1.0, True)]
    assert progress(wall, 0, 127) == [(0.0, False), (1.0, False)]


def test_the_tail_is_deadly_while_the_head_moves() -> None:
    game = Game(TINY, 1, body=[5, 6, 10, 9], heading=2, food=0)
    assert game.deadly(-1)
    game.move(-1)
    assert game.ended == "body"


@given(moves=st.lists(st.sampled_from((-1, 0, 1)), max_size=40), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_snake_stays_one_line_of_its_length(moves: list[int], seed: int) -> None:
    game = Game(BOARDS["small"], seed)
    for turn in moves:
        if game.ended:
            break
        game.move(turn)
        assert len(game.body) == len(set(game.body)) == 2 + game.eaten
        assert game.ended == "full" or game.food not in game.body


def test_states_travel_as_json() -> None:
    task = SnakeTask(BOARDS["small"])
    state = task.start(jax.random.key(3))
    for turn in (0, 1, 1):
        state, _, _ = task.step(state, jnp.array([turn], jnp.int8))
    plain = task.to_plain(state)
    again = task.from_plain(plain)
    assert task.to_plain(again) == plain
    assert task.deviation(again, task.final_of(state)) == 0.0
    assert task.deviation(again, task.final_of(task.start(jax.random.key(4)))) > 1.0
    np.testing.assert_array_equal(task.observe(state)["vector"], task.observe(again)["vector"])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"heading": 4}, "start.heading"),
        ({"seed": -1}, "start.seed"),
        ({"food": 30}, "start.food"),
        ({"food": 15}, "start.food"),
        ({"body": [15]}, "start.body"),
        ({"body": [15, 17]}, "start.body"),
        ({"body": [15, 14, 15]}, "start.body"),
        ({"body": "15"}, "start.body"),
        ({"steps": True}, "start.steps"),
    ],
)
def test_wrong_states_are_refused(wrong: dict[str, Any], field: str) -> None:
    task = SnakeTask(BOARDS["small"])
    plain = {"body": [15, 14], "heading": 0, "food": 3, "seed": 7, "eaten": 0, "steps": 0}
    task.from_plain(plain)
    with pytest.raises(InputError) as caught:
        task.from_plain(plain | wrong)
    assert caught.value.field == field


def test_commands_become_one_of_three_moves() -> None:
    task = SnakeTask(BOARDS["small"])
    commands = jnp.array([[-1.5], [-0.6], [-0.4], [0.0], [0.4], [0.6], [9.0]])
    assert np.asarray(task.quantise(commands)).ravel().tolist() == [-127, -127, 0, 0, 0, 127, 127]


@pytest.mark.parametrize(
    "wrong", [{"width": 3}, {"height": 65}, {"start_length": 17}, {"cap": 0}, {"width": 8.0}]
)
def test_wrong_boards_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="is"):
        Board(**wrong)
