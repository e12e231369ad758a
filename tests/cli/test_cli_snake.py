"""`manyhands train snake-v0`: an agent from nothing, as a policy file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from manyhands.cli import app
from manyhands.errors import InputError, NotFoundError
from manyhands.learners import dqn
from manyhands.policies import files


def train(*options: str) -> str:
    done = CliRunner().invoke(app, ["train", "snake-v0", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(("learner", "sensor"), [("dqn", "grid"), ("ppo", "features")])
def test_an_agent_is_trained_and_written(learner: str, sensor: str, tmp_path: Path) -> None:
    out = tmp_path / "agent.safetensors"
    options = ["--learner", learner, "--sensor", sensor, "--moves", "130", "--out", str(out), "--json"]
    told = json.loads(train(*options))
    assert (told["file"], told["bytes"]) == (str(out), out.stat().st_size)
    policy = files.parse(out.read_bytes())
    assert (policy.environment, policy.sensor) == ("snake-v0", {"kind": sensor})


def test_an_unknown_learner_or_sensor_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "agent.safetensors"
    with pytest.raises(NotFoundError, match="There is no learner 'magic'"):
        train("--learner", "magic", "--out", str(out))
    with pytest.raises(NotFoundError, match="There is no sensor 'nose'"):
        train("--sensor", "nose", "--out", str(out))
    assert not out.exists()
    out.write_bytes(b"mine")
    with pytest.raises(InputError, match="exists already"):
        train("--out", str(out))
    assert out.read_bytes() == b"mine"


def test_a_file_that_cannot_be_written_costs_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dqn, "learn", lambda *_: pytest.fail("trained"))
    (tmp_path / "agents").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        train("--out", str(tmp_path / "agents" / "one.safetensors"))
