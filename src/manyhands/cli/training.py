"""`manyhands train …`: train an agent of an environment from nothing and write what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from manyhands.cli.race_types import BotSpeed, LaneChanges, Objects, Places, Race, race_type_of
from manyhands.cli.rewards import source_of
from manyhands.errors import InputError, NotFoundError
from manyhands.settings import Settings
from manyhands.terminal import AsJson, Data, Out, check_new, new_file, options_of, settings_of, show, writing
from manyhands.types import Json

if TYPE_CHECKING:
    from manyhands.garage.evaluation import Race as Raced
    from manyhands.garage.training import Iteration, Order
    from manyhands.policies.files import Policy

app = typer.Typer(no_args_is_help=True, help="Train an agent of an environment from nothing.")
MINUTES = 10  # of a training that is not told when to stop


@app.command("snake-v0")
def train_snake(
    out: Out,
    learner: Annotated[
        str, typer.Option(help="dqn: double Q-learning; ppo: proximal policy optimisation.")
    ] = "dqn",
    sensor: Annotated[str, typer.Option(help="features or grid.")] = "grid",
    seed: Annotated[int, typer.Option(help="The same seed gives the same agent.")] = 0,
    moves: Annotated[
        int | None,
        typer.Option(min=1, help="Moves to play in each game; the learner's own number if absent."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train an agent from its own games and write its policy file."""
    if learner not in ("dqn", "ppo"):
        raise NotFoundError(f"There is no learner {learner!r}.", field="learner", remedy="Use dqn or ppo.")
    from manyhands.envs.snake.task import SENSORS, SnakeTask
    from manyhands.learners import dqn, snake_ppo
    from manyhands.policies import files
    from manyhands.policies.files import Policy

    if sensor not in SENSORS:
        raise NotFoundError(f"There is no sensor {sensor!r}.", field="sensor", remedy="Use features or grid.")
    check_new(out)
    begun_s = time.perf_counter()

    def tell(done: int, foods: float) -> None:
        if not as_json:
            typer.echo(f"{time.perf_counter() - begun_s:5.0f} s  {done:,} moves  {foods:.1f} foods", err=True)

    task = SnakeTask(sensor=sensor)
    spec, params = (dqn if learner == "dqn" else snake_ppo).learn(task, moves, seed, tell)
    content = files.dump(Policy("snake-v0", {"kind": sensor}, spec, params))
    with new_file(out):
        out.write_bytes(content)
    seconds = round(time.perf_counter() - begun_s, 1)
    show({"file": str(out), "bytes": len(content), "seconds": seconds}, as_json)


@dataclass(frozen=True)
class RacerTraining:
    """Options of `manyhands train racer-v0`."""

    reward: Annotated[Path, typer.Option(help="Python file that defines reward_function(params).")]
    track: Annotated[str, typer.Option(help="A track's id, or an .npy file of DeepRacer's form.")]
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; must not exist.", metavar="DIR")]
    direction: Annotated[str, typer.Option(help="forward, as the track's points run, or reverse.")] = (
        "forward"
    )
    model_metadata: Annotated[
        Path | None,
        typer.Option(
            help="DeepRacer's model_metadata.json: gives action space, sensor, network and algorithm where "
            "no option does."
        ),
    ] = None
    action_space: Annotated[
        Path | None,
        typer.Option(help="JSON file: actions, ranges, or generator values; 5 x 2 up to 1 m/s if absent."),
    ] = None
    sensor: Annotated[
        str | None,
        typer.Option(
            help="lidar, sector-lidar[-SECTORSxLEVELS], camera- or stereo-WIDTHxHEIGHT; lidar if absent."
        ),
    ] = None
    hyperparameters: Annotated[
        Path | None, typer.Option(help="JSON file by DeepRacer's names; their defaults if absent.")
    ] = None
    network: Annotated[
        str | None,
        typer.Option(help="shallow, deep, or deepracer-shallow, -deep or -deep-deep; shallow if absent."),
    ] = None
    algorithm: Annotated[
        str | None,
        typer.Option(help="ppo, sac (takes ranges of actions) or policy-gradient; ppo if absent."),
    ] = None
    seconds: Annotated[
        float | None, typer.Option(min=0, help=f"Time to train; {MINUTES} minutes without --iterations.")
    ] = None
    iterations: Annotated[int | None, typer.Option(min=1, help="Updates to make.")] = None
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same policy.")] = 0
    race: Race = "time-trial"
    objects: Objects = 0
    places: Places = ""
    speed: BotSpeed = 1.0
    lane_changes: LaneChanges = ""
    data: Data = None
    as_json: AsJson = False


@app.command("racer-v0")
@options_of(RacerTraining)
def train_racer(options: RacerTraining) -> None:
    """Train a driver for a reward function, as DeepRacer does; Ctrl-C stops and keeps the best policy.

    The folder gets policy.safetensors, model_metadata.json, hyperparameters.json, history.json and
    simtrace.zip.
    """
    from manyhands.envs.racer import tracks
    from manyhands.garage.checks import limits_of
    from manyhands.garage.params import columns
    from manyhands.garage.rewards.check import check
    from manyhands.garage.rewards.runner import RewardRunner

    begun_s = time.perf_counter()
    check_new(options.out)
    source = source_of(options.reward, "reward")
    limits = limits_of(settings_of(options.data))
    # It is tried while JAX is imported, which takes as long.
    with ThreadPoolExecutor(1) as aside:
        track = tracks.named(options.track, settings_of(options.data).tracks)
        trial = aside.submit(check, source, limits, track, backwards=options.direction == "reverse")
        from manyhands.computing import remember_compilations
        from manyhands.garage import evaluation, outputs, training
        from manyhands.garage.orders import rules_of

        trial.result().approve("time_trial" if options.race == "time-trial" else "objects")
    order = _order(options)
    remember_compilations(settings_of(options.data).compiled)

    def tell(done: Iteration) -> None:
        typer.echo(_line(done), err=True)

    cars = order.hyper.num_episodes_between_training
    with RewardRunner(source, cars, limits) as runner:
        run = training.train(order, lambda trace: runner.reward(columns(trace)), _until(options), tell)
    with writing(options.out):
        outputs.write(run, options.out)
    best = max(run.history, key=lambda done: done.number * done.best, default=None)
    race = evaluation.race(outputs.policy_of(run), order.track, rules_of(order), turned=order.reversed)
    found: dict[str, Any] = {
        "folder": str(options.out),
        "iterations": len(run.history),
        "steps": sum(done.steps for done in run.history),
        "seconds": round(time.perf_counter() - begun_s, 1),
        "best": None if best is None else asdict(best),
        "race": asdict(race),
    }
    if options.as_json:
        show(found, True)
        return
    show({name: found[name] for name in ("folder", "iterations", "steps", "seconds")}, False)
    show(_summary(race), False)


def show_race(policy: Policy, track: str, laps: int, settings: Settings, as_json: bool) -> None:
    """Race a policy on a track and print its laps."""
    from manyhands.computing import remember_compilations
    from manyhands.envs.racer import tracks
    from manyhands.garage import evaluation
    from manyhands.garage.race_rules import RaceRules

    remember_compilations(settings.compiled)
    rules = RaceRules(laps=laps, consecutive=min(laps, 3))
    found = evaluation.race(policy, tracks.named(track, settings.tracks), rules)
    show(asdict(found) if as_json else _summary(found), as_json)


def _summary(race: Raced) -> dict[str, Any]:
    return {
        "finished": race.finished,
        "laps": ", ".join(f"{lap / 1000:.3f} s" for lap in race.laps_ms) or "none",
        "off_tracks": race.off_tracks,
        "progress": f"{race.progress:.1f} %",
    }


def _order(options: RacerTraining) -> Order:
    """What the options ask for. Raises InputError naming the wrong one."""
    from manyhands.envs.racer.actions import DEFAULT_GENERATOR
    from manyhands.garage import metadata
    from manyhands.garage.orders import order_of

    car: Json = {
        "action_space": DEFAULT_GENERATOR,
        "sensor": "lidar",
        "network": "shallow",
        "algorithm": "ppo",
    }
    if options.model_metadata is not None:
        car |= metadata.terms_of(_read(options.model_metadata, "model-metadata"))
    if options.action_space is not None:
        car["action_space"] = _read(options.action_space, "action-space")
    given = {"sensor": options.sensor, "network": options.network, "algorithm": options.algorithm}
    chosen = {name: value for name, value in given.items() if value is not None}
    hyper = {} if options.hyperparameters is None else _read(options.hyperparameters, "hyperparameters")
    terms = {
        **car,
        **chosen,
        "track": options.track,
        "direction": options.direction,
        "hyperparameters": hyper,
        "seed": options.seed,
        "race": race_type_of(options).plain,
    }
    return order_of(terms, settings_of(options.data).tracks)


def _read(path: Path, field: str) -> Any:
    """Content of a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise InputError(
            f"{path} cannot be read: {fault}.", field=field, remedy="Name a JSON file."
        ) from fault


def _until(options: RacerTraining) -> Callable[[list[Iteration], float], bool]:
    """Whether a training goes on, given its history and its seconds."""
    limit_s = options.seconds
    if limit_s is None:
        limit_s = 60.0 * MINUTES if options.iterations is None else float("inf")

    def goes_on(history: list[Iteration], seconds: float) -> bool:
        return seconds < limit_s and (options.iterations is None or len(history) < options.iterations)

    return goes_on


def _line(done: Iteration) -> str:
    laps = f"  lap {min(done.trial_laps_ms) / 1000:.3f} s" if done.trial_laps_ms else ""
    return (
        f"{done.seconds:6.1f} s  {done.number:4d}  {done.steps:6d} steps  reward {done.reward:9.2f}  "
        f"completion {done.completion:5.1f} % / {done.completion_trials:5.1f} %  entropy {done.entropy:.2f}"
        f"{laps}{'  best' if done.best else ''}"
    )
