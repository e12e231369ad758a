"""Experiments: recording one person's games, training on them, comparing what was learned."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from manyhands.arena import api as arena
from manyhands.lab import api as lab
from manyhands.server.auth import ContextDep, MaybePlayerDep, PlayerDep
from manyhands.server.context import Context
from manyhands.server.downloads import FILE, download
from manyhands.server.messages import lab as m
from manyhands.server.messages.base import ID_PATTERN, NAME_PATTERN
from manyhands.server.render import answer
from manyhands.server.routes_campaigns import IdempotencyKey
from manyhands.types import Json, now_us

router = APIRouter(tags=["experiments"])

ExperimentPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]
LessonPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]
ImportName = Annotated[
    str, Query(min_length=1, max_length=32, pattern=NAME_PATTERN, description="The experiment's name.")
]


def _experiment(context: Context, experiment_id: str, player: Json) -> m.Experiment:
    return answer(m.Experiment, context.read(lab.detail, experiment_id, player["id"]))


def _lesson(context: Context, lesson_id: str, player: Json) -> m.Lesson:
    return answer(m.Lesson, context.read(lab.own_lesson, lesson_id, player["id"]))


@router.get("/experiments")
async def list_experiments(player: PlayerDep, context: ContextDep) -> m.Experiments:
    """List the player's own experiments, newest first."""
    return answer(m.Experiments, {"items": context.read(lab.listed, player["id"])})


@router.post("/experiments", status_code=201)
async def create_experiment(
    body: m.ExperimentCreate, key: IdempotencyKey, player: PlayerDep, context: ContextDep
) -> m.Experiment:
    """Begin an experiment, once per key."""
    order = lab.ExperimentOrder(player["id"], key, **body.model_dump())
    return _experiment(context, await context.write(lab.create, order, now_us()), player)


@router.post(
    "/experiments/import",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}},
)
async def import_experiment(
    request: Request, key: IdempotencyKey, name: ImportName, player: PlayerDep, context: ContextDep
) -> m.ExperimentImported:
    """Begin an experiment with the observations of a file in the public experiment's form, once per key."""
    order = lab.ExperimentOrder(player["id"], key, name, "imported", 0, True, m.Board().model_dump())
    read = await context.aside(lab.read_file, order, await request.body())
    experiment_id = await context.write(lab.create, read.order, now_us(), read.rows)
    experiment = _experiment(context, experiment_id, player)
    return m.ExperimentImported(experiment=experiment, report=read.report)


@router.get("/experiments/{experiment_id}")
async def read_experiment(
    experiment_id: ExperimentPath, player: PlayerDep, context: ContextDep
) -> m.Experiment:
    """Read one of the player's own experiments, with the game to play next."""
    return _experiment(context, experiment_id, player)


@router.delete("/experiments/{experiment_id}", status_code=204)
async def delete_experiment(experiment_id: ExperimentPath, player: PlayerDep, context: ContextDep) -> None:
    """Delete an experiment with its games and lessons."""
    await context.write(lab.remove, experiment_id, player["id"], now_us())


@router.post("/experiments/{experiment_id}/games")
async def create_game(
    experiment_id: ExperimentPath, body: m.GameCreate, player: PlayerDep, context: ContextDep
) -> m.Experiment:
    """Hand in the next game; the server plays it again and answers once it is stored durably."""
    experiment = context.read(lab.own, experiment_id, player["id"])
    game = await context.aside(lab.replayed, experiment, lab.Played(**body.model_dump()))
    await context.write(lab.add_game, experiment_id, player["id"], game, now_us())
    return _experiment(context, experiment_id, player)


@router.get("/experiments/{experiment_id}/lessons")
async def list_lessons(experiment_id: ExperimentPath, player: PlayerDep, context: ContextDep) -> m.Lessons:
    """List the latest lesson of each learner with its progress."""
    context.read(lab.own, experiment_id, player["id"])
    return answer(m.Lessons, {"items": context.read(lab.latest, experiment_id)})


@router.post("/experiments/{experiment_id}/lessons", status_code=202)
async def create_lessons(
    experiment_id: ExperimentPath, body: m.LessonsCreate, player: PlayerDep, context: ContextDep
) -> m.Lessons:
    """Train learners in the background on all that is recorded."""
    await context.write(lab.teach, experiment_id, player["id"], list(body.learners), now_us())
    return answer(m.Lessons, {"items": context.read(lab.latest, experiment_id)})


@router.post("/lessons/{lesson_id}/cancel")
async def cancel_lesson(lesson_id: LessonPath, player: PlayerDep, context: ContextDep) -> m.Lesson:
    """Stop a lesson; it can be resumed."""
    await context.write(lab.cancel, lesson_id, player["id"], now_us())
    return _lesson(context, lesson_id, player)


@router.post("/lessons/{lesson_id}/resume")
async def resume_lesson(lesson_id: LessonPath, player: PlayerDep, context: ContextDep) -> m.Lesson:
    """Let a cancelled or failed lesson go on from where it was."""
    await context.write(lab.resume, lesson_id, player["id"])
    return _lesson(context, lesson_id, player)


@router.get("/lessons/{lesson_id}/policy.safetensors", response_class=Response, responses=FILE)
async def read_lesson_policy(lesson_id: LessonPath, player: PlayerDep, context: ContextDep) -> Response:
    """Download what a learner made, safetensors."""
    cid = context.read(lab.policy_cid, lesson_id, player["id"])
    return download(context.assets.policy_bytes(cid), f"{lesson_id}.safetensors")


@router.get("/lessons/{lesson_id}/policy.onnx", response_class=Response, responses=FILE)
async def read_lesson_onnx(lesson_id: LessonPath, player: PlayerDep, context: ContextDep) -> Response:
    """Download what a learner made, ONNX."""
    cid = context.read(lab.policy_cid, lesson_id, player["id"])
    data = await context.aside(arena.policy_as_onnx, context.assets.policy_bytes(cid))
    return download(data, f"{lesson_id}.onnx")


@router.get("/experiments/{experiment_id}/data.json", response_class=Response, responses=FILE)
async def read_experiment_json(
    experiment_id: ExperimentPath, player: PlayerDep, context: ContextDep
) -> Response:
    """Download an experiment's games with every observation of 13 features, JSON."""
    data = await context.read_aside(lab.export_json, experiment_id, player["id"])
    return download(data, f"{experiment_id}.json")


@router.get("/experiments/{experiment_id}/data.zip", response_class=Response, responses=FILE)
async def read_experiment_minari(
    experiment_id: ExperimentPath, player: PlayerDep, context: ContextDep
) -> Response:
    """Download an experiment's games as a Minari dataset: its folder in a ZIP file."""
    data = await context.read_aside(lab.export_minari, experiment_id, player["id"])
    return download(data, f"{experiment_id}.zip")


@router.get("/experiment-board")
async def read_experiment_board(context: ContextDep, player: MaybePlayerDep) -> m.ExperimentBoard:
    """Rank lessons by what their player's games added over the same training without them."""
    player_id = player["id"] if player else None
    return answer(m.ExperimentBoard, {"items": await context.read_aside(lab.board, player_id)})
