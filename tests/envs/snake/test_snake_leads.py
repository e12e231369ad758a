"""Where players of experiments take over."""

from __future__ import annotations

import random

import numpy as np

from manyhands.envs.snake import leads, scripted
from manyhands.envs.snake.board import ARCADE, TURNS
from manyhands.envs.snake.replay import Record, position, replay
from manyhands.learners import snake_leads, snake_study
from manyhands.policies import reference

NAMES = [f"exp_1:{number}" for number in range(200)]


def test_a_name_has_one_position_and_the_snake_lives_in_it() -> None:
    found = [leads.chosen(name) for name in NAMES]
    assert found == [leads.chosen(name) for name in NAMES]
    assert len({lead.seed for lead in found}) > 50
    lengths = []
    for lead in found:
        game = position(ARCADE, lead.seed, lead.moves)
        assert any(not game.deadly(turn) for turn in (0, 1, -1))
        lengths.append(len(game.body))
    # From the first cells to the last ones.
    assert min(lengths) < 10
    assert max(lengths) > 70


def test_the_games_are_the_packaged_agents() -> None:
    agent = reference.driver(snake_leads.AGENT)
    lead = max((leads.chosen(name) for name in NAMES[:20]), key=lambda lead: len(lead.moves))
    game = position(ARCADE, lead.seed, lead.moves)
    moves = replay(ARCADE, [Record(lead.seed, lead.moves, game.eaten, len(game.body))])
    assert len(moves.turn) > 500
    # Where two values are nearly the same, another machine's last bit may choose the other one.
    assert snake_study.agreement(agent, moves).share > 0.99


def test_stretches_of_a_player_can_be_replayed() -> None:
    records = scripted.take_over(scripted.greedy, 3, 150)
    assert records == scripted.take_over(scripted.greedy, 3, 150)
    assert sum(len(record.moves) for record in records) == 150
    assert max(len(record.moves) for record in records) == leads.STRETCH
    moves = replay(ARCADE, records)
    assert moves.ate.sum() == sum(record.score for record in records)
    # They are the player's own turns.
    first = records[0]
    game, chance = position(ARCADE, first.seed, first.lead), random.Random(3)
    turns = []
    for _ in first.moves:
        turns.append(scripted.greedy(game, chance))
        game.move(turns[-1])
    np.testing.assert_array_equal(moves.turn[: len(turns)], [TURNS[letter] for letter in first.moves])
    np.testing.assert_array_equal(turns, moves.turn[: len(turns)])
