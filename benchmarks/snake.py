"""What learners make of Snake on the arcade rules: 1,000 games a seed, beside a control and the player.

    python benchmarks/snake.py pretrained --seeds 5
    python benchmarks/snake.py lessons --seeds 5

`pretrained` trains agents from nothing. `lessons` has scripted players make 500 moves, of which the last
fifth is held out, and teaches them to the three learners from the packaged agent; a player is also an agent's
file (`--players greedy searching longer.safetensors`). With `--takeovers` they play on where the packaged
agent came to, instead of from the start. Every player has seeds of its own. Agreement is
counted on 2,000 more moves of the player in games nobody has seen: a fifth of 500 moves is too few to tell
two policies apart. Intervals are of 95 %.
"""

import argparse
import math
import random
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from manyhands.envs.snake import scripted, sight
from manyhands.envs.snake.board import ARCADE
from manyhands.envs.snake.game import Game
from manyhands.envs.snake.replay import replay
from manyhands.envs.snake.scripted import Player
from manyhands.envs.snake.task import SENSORS, SnakeTask
from manyhands.learners import dqn, snake_lessons, snake_ppo, snake_study
from manyhands.learners.snake_lessons import GAMES_SEED, LEARNERS, Lesson, Report
from manyhands.learners.snake_study import Scores
from manyhands.policies import files, reference
from manyhands.policies.files import Policy

BASES = ("snake-grid-reference", "snake-features-base")
GAMES = 1000
MOVES, MORE_MOVES, MORE_SEED = 500, 2000, 5000
# Of a player that takes its time.
PLAYER_GAMES = 40


def interval(values: list[float]) -> str:
    """Mean of the seeds with its interval."""
    half = 1.96 * np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{np.mean(values):.1f} +- {half:.1f}"


def pretrained(sensor: str, seeds: range) -> None:
    """Print the score of agents that learn from nothing."""
    task, rows = SnakeTask(sensor=sensor), []
    for seed in seeds:
        begun_s = time.perf_counter()
        spec, params = (dqn if sensor == "grid" else snake_ppo).learn(task, None, seed)
        trained_s = time.perf_counter()
        found = dqn.scores(task, spec, params, jax.random.key(GAMES_SEED), GAMES)
        rows.append((float(found.mean()), trained_s - begun_s, time.perf_counter() - trained_s))
        print(f"  {sensor} seed {seed}: {rows[-1][0]:.1f} foods, {rows[-1][1]:.0f} s", flush=True)
    means, trained, played = (list(column) for column in zip(*rows, strict=True))
    print(
        f"pre-trained, {sensor}: {interval(means)} foods, worst seed {min(means):.1f}; trained in "
        f"{np.mean(trained):.0f} s, {GAMES} games played in {np.mean(played):.1f} s",
        flush=True,
    )


def player_of_policy(policy: Policy) -> Player:
    """An agent as a player."""
    values = jax.jit(partial(dqn.values, policy.network, policy.params))

    def turn(game: Game, _chance: random.Random) -> int:
        seen = jnp.asarray(sight.of_game(game)[: policy.network.vector])
        return dqn.TURNS[int(jnp.argmax(values(seen)))]

    return turn


def player_of(name: str) -> Player:
    """A scripted player by its name, or an agent by its file."""
    if name in scripted.PLAYERS:
        return scripted.PLAYERS[name]
    return player_of_policy(files.parse(Path(name).read_bytes()))


def above(report: Report) -> tuple[float, float]:
    """Foods by which the taught policy is above its control, and the standard error of that."""
    taught, control = report.scores["taught"], report.scores["control"]
    first, second = ((scores.high - scores.mean) / 1.96 for scores in (taught, control))
    return taught.mean - control.mean, math.hypot(first, second)


def lessons(
    name: str, base: Policy, seeds: range, learners: list[str], count: int, takeovers: bool
) -> dict[str, list[tuple[float, float]]]:
    """Teach a player's moves to the learners and print what they scored; returns what is `above`, of each."""
    player = player_of(name)
    played = scripted.take_over if takeovers else partial(scripted.play, ARCADE)
    games = PLAYER_GAMES if name != "greedy" else GAMES
    own = snake_study.player_scores(ARCADE, player, games, GAMES_SEED)
    mean, half = dqn.mean_interval(own)
    print(f"player {name}: {mean:.1f} +- {half:.1f} foods in {games} games", flush=True)
    more = replay(ARCADE, played(player, MORE_SEED, MORE_MOVES))
    spent_s: list[float] = []
    gains: dict[str, list[tuple[float, float]]] = {learner: [] for learner in learners}
    for seed in seeds:
        moves = replay(ARCADE, played(player, seed, count))
        lesson, known, begun_s = Lesson(moves, ARCADE, True, base), None, time.perf_counter()
        lines = []
        for learner in learners:
            taught = snake_lessons.teach(learner, lesson, seed, lambda _: None)
            report = snake_lessons.report(taught, lesson, seed, lambda _: None, GAMES, known)
            known = report.scores["base"]
            policies = (base, taught.policy, taught.control)
            agrees = [snake_study.agreement(policy, more).share for policy in policies]
            lines.append(line(learner, report, agrees, mean))
            gains[learner].append(above(report))
        spent_s.append(time.perf_counter() - begun_s)
        print(f"  seed {seed}, {spent_s[-1]:.0f} s", *lines, sep="\n    ", flush=True)
    print(
        f"player {name}: {', '.join(learners)} trained and evaluated in {np.mean(spent_s):.0f} s", flush=True
    )
    return gains


def line(learner: str, report: Report, agrees: list[float], player: float) -> str:
    """One training in a line."""

    def told(scores: Scores) -> str:
        return f"{scores.mean:.1f} +- {scores.high - scores.mean:.1f}"

    base, taught, control = (report.scores[who] for who in ("base", "taught", "control"))
    gain, error = above(report)
    return (
        f"{learner}: {told(taught)} foods, {taught.mean / player:.2f} of the player; base {told(base)}, "
        f"control {told(control)} ({gain / max(1e-9, error):+.1f} standard errors); "
        f"agreement {agrees[1]:.3f}, base {agrees[0]:.3f}, control {agrees[2]:.3f}; {report.seconds:.0f} s"
    )


def main() -> None:
    """Print the rows that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["pretrained", "lessons"], help="both if absent")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--sensors", nargs="*", choices=SENSORS, default=SENSORS)
    parser.add_argument("--players", nargs="*", default=["greedy", "searching"])
    parser.add_argument("--moves", type=int, default=MOVES, help="of a lesson")
    parser.add_argument("--takeovers", action="store_true", help="play on where the agent came to")
    parser.add_argument("--base", choices=BASES, default=BASES[0], help="is fine-tuned")
    parser.add_argument("--learners", nargs="*", choices=LEARNERS, default=list(LEARNERS))
    arguments = parser.parse_args()
    if arguments.what != "lessons":
        for sensor in arguments.sensors:
            pretrained(sensor, range(arguments.first_seed, arguments.first_seed + arguments.seeds))
    if arguments.what != "pretrained":
        base, found = reference.driver(arguments.base), []
        for place, name in enumerate(arguments.players):
            # Lessons with the same seed share their control.
            first = arguments.first_seed + place * arguments.seeds
            own_seeds = range(first, first + arguments.seeds)
            found.append(
                lessons(name, base, own_seeds, arguments.learners, arguments.moves, arguments.takeovers)
            )
        for learner in arguments.learners:
            gains, errors = zip(*(gain for of_player in found for gain in of_player[learner]), strict=True)
            half = 1.96 * math.hypot(*errors) / len(errors)
            print(
                f"{learner}: {np.mean(gains):+.2f} +- {half:.2f} foods above its control, on the mean of "
                f"{len(gains)} lessons; {interval(list(gains))} with what differs between lessons",
                flush=True,
            )


if __name__ == "__main__":
    main()
