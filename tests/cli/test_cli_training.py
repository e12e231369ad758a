"""`manyhands train racer-v0` and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from typer.testing import CliRunner

from manyhands import cli
from manyhands.errors import InputError, ManyhandsError

FEW = {"num_episodes_between_training": 5, "num_epochs": 3, "batch_size": 32}
SPACE = [{"steering_angle": angle, "speed": 1.2} for angle in (-20, 0, 20)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a reward function, an action space and hyperparameters."""
    (tmp_path / "my.py").write_text("def reward_function(params):\n    return params['progress']\n")
    (tmp_path / "space.json").write_text(json.dumps({"action_space": SPACE}))
    (tmp_path / "few.json").write_text(json.dumps(FEW))
    return tmp_path


def arguments(folder: Path, **changes: str) -> list[str]:
    options = {
        "reward": str(folder / "my.py"),
        "track": "kidney",
        "action-space": str(folder / "space.json"),
        "hyperparameters": str(folder / "few.json"),
        "iterations": "1",
        "out": str(folder / "run"),
        "data": str(folder / "data"),
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return ["train", "racer-v0", *(part for name, value in options.items() for part in (f"--{name}", value))]


def invoke(*words: str) -> str:
    result = CliRunner().invoke(cli.app, words)
    if isinstance(result.exception, ManyhandsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_training_leaves_a_policy_that_races(folder: Path) -> None:
    found = json.loads(invoke(*arguments(folder), "--json"))
    assert found["iterations"] == 2
    run = folder / "run"
    files = {
        "policy.safetensors",
        "model_metadata.json",
        "hyperparameters.json",
        "history.json",
        "simtrace.zip",
    }
    assert {file.name for file in run.iterdir()} == files
    metadata = json.loads((run / "model_metadata.json").read_text())
    assert metadata["action_space_type"] == "discrete"
    assert [action["steering_angle"] for action in metadata["action_space"]] == [-20.0, 0.0, 20.0]
    assert json.loads((run / "hyperparameters.json").read_text()).items() >= FEW.items()
    history = json.loads((run / "history.json").read_text())
    assert [row["number"] for row in history] == [0, 1]
    assert found["steps"] == sum(row["steps"] for row in history)
    policy = str(run / "policy.safetensors")
    invoke("policy", "export", policy, "--out", str(folder / "policy.onnx"))
    onnx.checker.check_model(onnx.load(folder / "policy.onnx"))
    data = ("--data", str(folder / "data"))
    race = json.loads(invoke("evaluate", policy, "--track", "kidney", "--json", *data))
    assert race == found["race"]
    with pytest.raises(InputError, match="actions of its own"):
        invoke("evaluate", policy, *data)


def test_deepracers_files_are_taken_and_options_beside_them_win(folder: Path) -> None:
    metadata = {
        "action_space": [{"steering_angle": str(angle), "speed": "1.0"} for angle in (-15, 0, 15, 30)],
        "sensor": ["FRONT_FACING_CAMERA"],
        "neural_network": "DEEP_CONVOLUTIONAL_NETWORK",
        "training_algorithm": "sac",
        "version": "4",
    }
    (folder / "model_metadata.json").write_text(json.dumps(metadata))
    (folder / "few.json").write_text(json.dumps({name: str(value) for name, value in FEW.items()}))
    words = arguments(folder, model_metadata=str(folder / "model_metadata.json"), iterations="1")
    at = words.index("--action-space")
    words = words[:at] + words[at + 2 :]
    with pytest.raises(InputError, match="SAC learns continuous actions only"):
        invoke(*words)
    invoke(*words, "--algorithm", "ppo", "--sensor", "lidar")
    made = json.loads((folder / "run" / "model_metadata.json").read_text())
    assert [action["steering_angle"] for action in made["action_space"]] == [-15.0, 0.0, 15.0, 30.0]
    assert (made["sensor"], made["neural_network"]) == (["LIDAR"], "DEEP_CONVOLUTIONAL_NETWORK")
    assert made["training_algorithm"] == "clipped_ppo"
    assert json.loads((folder / "run" / "hyperparameters.json").read_text()).items() >= FEW.items()


def test_boxes_are_trained_among_and_raced_among(folder: Path) -> None:
    (folder / "my.py").write_text("def reward_function(params):\n    return params['objects_distance'][1]\n")
    with pytest.raises(ManyhandsError, match="index"):
        invoke(*arguments(folder))  # alone on the road there is none
    boxes = {"race": "object-avoidance", "objects": "2", "places": "10inside,60.5outside"}
    found = json.loads(invoke(*arguments(folder, **boxes), "--json"))
    assert found["best"]["reward"] > 0.0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"race": "drag"}, "race.type"),
        ({"race": "head-to-head"}, "race.type"),
        ({"race": "head-to-bot"}, "race.objects"),
        ({"race": "head-to-bot", "objects": "2", "lane_changes": "soon"}, "lane-changes"),
        ({"race": "head-to-bot", "objects": "1", "places": "near"}, "places"),
        ({"race": "head-to-bot", "objects": "1", "places": "20middle"}, "places"),
        ({"direction": "left"}, "direction"),
        ({"sensor": "sonar"}, "sensor"),
        ({"sensor": "camera-160"}, "sensor"),
        ({"sensor": "camera-4x4"}, "sensor.width"),
        ({"network": "wide"}, "network"),
        ({"track": "nowhere"}, "track"),
        ({"track": "nowhere.npy"}, "track"),
        ({"reward": "nowhere.py"}, "reward"),
        ({"action_space": "nowhere.json"}, "action-space"),
    ],
    ids=str,
)
def test_a_wrong_option_is_named_and_nothing_written(
    folder: Path, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as fault:
        invoke(*arguments(folder, **changes))
    assert fault.value.field == field
    assert not (folder / "run").exists()


def test_a_folder_that_exists_is_left_alone(folder: Path) -> None:
    (folder / "run").mkdir()
    with pytest.raises(InputError, match="exists already"):
        invoke(*arguments(folder))


def test_a_folder_that_cannot_be_made_costs_no_training(folder: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        invoke(*arguments(folder, out=str(folder / "my.py" / "run")))


def test_a_reward_function_is_tried_before_it_is_trained_with(folder: Path) -> None:
    # Driving well would never come to it within a few episodes.
    (folder / "my.py").write_text(
        "def reward_function(params):\n"
        "    if params['progress'] == 100:\n"
        "        return params['lap_time']\n"
        "    return 1.0\n"
    )
    with pytest.raises(ManyhandsError, match="lap_time") as refused:
        invoke(*arguments(folder))
    assert getattr(refused.value, "line", None) == 3
    assert not (folder / "run").exists()


def test_soft_actor_critic_leaves_its_own_files(folder: Path) -> None:
    ranges = {"steering_angle": {"low": -20, "high": 20}, "speed": {"low": 0.5, "high": 1.2}}
    (folder / "space.json").write_text(json.dumps(ranges))
    invoke(*arguments(folder, algorithm="sac"), "--json")
    metadata = json.loads((folder / "run" / "model_metadata.json").read_text())
    assert (metadata["training_algorithm"], metadata["action_space_type"]) == ("sac", "continuous")
    assert "sac_alpha" in json.loads((folder / "run" / "hyperparameters.json").read_text())
