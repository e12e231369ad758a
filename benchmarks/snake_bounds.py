"""What limits a fine-tuned Snake agent: how many of a better player's moves, from where, or what it sees.

    python benchmarks/snake_bounds.py windowed
    python benchmarks/snake_bounds.py tuned --moves 500 5000
    python benchmarks/snake_bounds.py tuned --moves 500 --stretch 20 --players longer.safetensors
    python benchmarks/snake_bounds.py cloned --moves 40000

`windowed` plays the searching player without the part of the snake that the agent's window does not show
(`snake.py lessons` plays him with all of it). `tuned` fine-tunes the packaged agent on his moves, or those of
agents given by their files, beside the control: from the start of a game to its end, or in stretches that
begin where the agent is about to die, in the second half of its games, or anywhere in them.
`cloned` makes a network of the agent's size answer as he does where the agent comes to be: as much of him as
can be had from what the agent sees. 1,000 games each on the arcade rules; intervals are of 95 %.
"""

import argparse
import random
import time
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

import snake
from manyhands.envs.snake import scripted, sight
from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import Transitions
from manyhands.envs.snake.scripted import Player
from manyhands.envs.snake.task import SnakeTask
from manyhands.learners import cloning, dqn, finetuning, snake_study
from manyhands.learners.cloning import CloningConfig
from manyhands.learners.finetuning import FinetuningConfig
from manyhands.policies import reference
from manyhands.policies.files import Policy

BASE = "snake-grid-reference"
BEFORE_DEATH = (10, 40)  # moves
PARTS = {"middle": (0.5, 0.97), "anywhere": (0.0, 1.0)}  # of a game's moves
PLACES = ("start", "death", "middle", "anywhere")
CASES = ("base", "control", *PLACES)
STRETCH = 50  # moves of the player from a place, if none are given
GAMES, PLAYER_GAMES, GAMES_OF_SCORE = 128, 100, 1000
HELD_MOVES, OTHER_SEED, SCORES_SEED = 1000, 999, 4242
CLONING_STEPS = 6000


def windowed(game: Game, chance: random.Random) -> int:
    """The searching player's turn if all of the snake lay free that the agent's window does not show."""
    width, head = game.board.width, game.body[0]

    def near(cell: int) -> bool:
        across, along = cell % width - head % width, cell // width - head // width
        return max(abs(across), abs(along)) <= sight.REACH

    # What is not shown lies where the head is, so that the snake keeps its length and its tail its time.
    body = [cell if near(cell) else head for cell in game.body]
    shown = Game(game.board, game.seed, body, game.heading, game.food, game.steps, game.eaten)
    return scripted.searching(shown, chance)


def windowed_player(seed: int) -> None:
    """Print what the searching player scores with the agent's window."""
    mean, half = dqn.mean_interval(snake_study.player_scores(ARCADE, windowed, PLAYER_GAMES, seed))
    print(f"searching within the window: {mean:.1f} +- {half:.1f} foods in {PLAYER_GAMES} games", flush=True)


def games_of_base(seed: int) -> dqn.Games:
    """Games of the packaged agent, each to its end."""
    base = reference.driver(BASE)
    task = SnakeTask(ARCADE, base.sensor["kind"])
    return dqn.play(task, base.network, base.params, jax.random.key(seed), GAMES)


def places(base: dqn.Games, where: str, seed: int) -> Iterator[Game]:
    """Games to be gone on with, without end."""
    chance = random.Random(seed)
    while True:
        number = chance.randrange(GAMES)
        if where == "start":
            yield Game(ARCADE, chance.getrandbits(32))
            continue
        turns = base.turns(number)
        left = len(turns) - chance.randint(*BEFORE_DEATH)
        count = left if where == "death" else int(len(turns) * chance.uniform(*PARTS[where]))
        game = Game(ARCADE, int(base.seeds[number]))
        for turn in turns[: max(0, count)]:
            game.move(int(turn))
        yield game


def stretches(games: Iterator[Game], moves: int, longest: int, answer: Player, player: Player) -> Transitions:
    """`moves` moves of a player, up to `longest` from each place, and at each what `answer` would do."""
    chance = random.Random(0)
    rows: list[tuple[Any, ...]] = []
    for number, game in enumerate(games):
        now = sight.of_game(game)
        for _ in range(longest):
            if game.ended or len(rows) == moves:
                break
            turn, asked = player(game, chance), answer(game, chance)
            ate = game.move(turn)
            after = sight.of_game(game)
            rows.append((now, asked, ate, game.ended in ("wall", "body"), after, number))
            now = after
        if len(rows) == moves:
            break
    seen, turns, eaten, died, afters, numbers = zip(*rows, strict=True)
    return Transitions(
        np.array(seen, np.float32),
        np.array(turns, np.int8),
        np.array(eaten, bool),
        np.array(died, bool),
        np.array(afters, np.float32),
        np.array(numbers, np.int32),
    )


def played(player: Player, base: dqn.Games, where: str, moves: int, stretch: int, seed: int) -> Transitions:
    """A player's moves from places of a kind; from the start it plays on to the end."""
    longest = moves if where == "start" else stretch
    return stretches(places(base, where, seed), moves, longest, player, player)


def told(name: str, policy: Policy, held: dict[str, Transitions], begun_s: float) -> None:
    """Print what a policy scores, and how often it would do what the searching player does."""
    agrees = ", ".join(
        f"{where} {snake_study.agreement(policy, moves).share:.3f}" for where, moves in held.items()
    )
    scores = snake_study.evaluate(policy, ARCADE, GAMES_OF_SCORE, SCORES_SEED)
    spent_s = time.perf_counter() - begun_s
    print(f"{name}: {scores.sentence()}; agreement: {agrees}; {spent_s:.0f} s", flush=True)


def tuned(player: Player, base: dqn.Games, held: dict[str, Transitions], asked: argparse.Namespace) -> None:
    """Print what fine-tuning makes of a player's moves."""
    policy, cases, seed = reference.driver(BASE), asked.cases, asked.seed
    if "base" in cases:
        told("base", policy, held, time.perf_counter())
    rows = [("control", 0)] if "control" in cases else []
    rows += [(where, count) for count in asked.moves for where in PLACES if where in cases]
    for where, count in rows:
        begun_s = time.perf_counter()
        moves = played(player, base, where, count, asked.stretch, seed) if count else None
        trained = finetuning.train(policy, moves, FinetuningConfig(), seed, lambda _: None)
        way = trained.curves["way"][0]
        told(f"{where}, {count:,} moves, {way:g} of the way", trained.policy, held, begun_s)


def cloned(base: dqn.Games, held: dict[str, Transitions], count: int, seed: int) -> None:
    """Print what a network scores that answers as the searching player does where the agent comes to be."""
    begun_s = time.perf_counter()
    agent = snake.player_of_policy(reference.driver(BASE))
    labels = stretches(places(base, "anywhere", seed), count, STRETCH, scripted.searching, agent)
    config = CloningConfig(sensor="grid", steps=CLONING_STEPS, batch=512, rate=1e-3, balance=0.0, shared=0.0)
    trained = cloning.train(labels, config, seed, lambda _: None)
    told(f"clone of {count:,} answers", trained.policy, held, begun_s)


def main() -> None:
    """Print the rows that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["windowed", "tuned", "cloned"], help="all if absent")
    parser.add_argument("--moves", type=int, nargs="*", default=[500, 5000])
    parser.add_argument("--cases", nargs="*", choices=CASES, default=CASES, help="of `tuned`")
    parser.add_argument("--players", nargs="*", default=["searching"], help="of `tuned`, a name or a file")
    parser.add_argument("--stretch", type=int, default=STRETCH, help="of `tuned`, moves from a place")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.what in ("windowed", None):
        windowed_player(arguments.seed)
    if arguments.what == "windowed":
        return
    base, other = games_of_base(arguments.seed), games_of_base(OTHER_SEED)

    def of(player: Player) -> dict[str, Transitions]:
        stretch = arguments.stretch
        return {where: played(player, other, where, HELD_MOVES, stretch, OTHER_SEED) for where in PLACES}

    if arguments.what in ("tuned", None):
        for name in arguments.players:
            print(name, flush=True)
            player = snake.player_of(name)
            tuned(player, base, of(player), arguments)
    if arguments.what in ("cloned", None):
        held = of(scripted.searching)
        for count in arguments.moves:
            cloned(base, held, count, arguments.seed)


if __name__ == "__main__":
    main()
