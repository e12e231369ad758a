"""The executor seam: spawned processes by default, Ray where it is installed."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from manyhands.errors import SettingsError, UnknownJobError
from manyhands.jobs import Registry, make_executor
from manyhands.jobs.executor import RayExecutor

REGISTRY = Registry({"where": "sample_work:where_am_i"})


@pytest.fixture(autouse=True)
def _sample_work_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]))


def test_a_process_gets_a_name_and_json_and_answers_json() -> None:
    with make_executor("process", 1) as executor:
        answer = json.loads(REGISTRY.submit(executor, "where", {"n": [1, 2.5]}).result())
        with pytest.raises(UnknownJobError):
            REGISTRY.submit(executor, "nowhere", {})
    assert answer["payload"] == {"n": [1, 2.5]}
    assert answer["pid"] != os.getpid()


def test_what_json_cannot_say_is_refused() -> None:
    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="JSON compliant"):
        REGISTRY.submit(executor, "where", {"n": float("nan")})


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(SettingsError, match="'process' or 'ray'"):
        make_executor("moon", 1)


def test_ray_that_is_not_installed_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match="not installed") as caught:
        make_executor("ray", 1)
    assert "pip install ray" in caught.value.remedy


def test_calls_go_to_ray_as_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def remote(function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            future: Future[Any] = Future()
            future.set_result(function(*arguments))
            return SimpleNamespace(future=lambda: future)

        return SimpleNamespace(remote=call)

    ray = SimpleNamespace(
        init=lambda **_: said.append("init"), remote=remote, shutdown=lambda: said.append("shutdown")
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    with make_executor("ray", 1) as executor:
        assert isinstance(executor, RayExecutor)
        assert json.loads(REGISTRY.submit(executor, "where", {}).result())["pid"] == os.getpid()
    assert said == ["init", "shutdown"]
