from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from server_harness import Client

from manyhands.server import problems
from manyhands.server.pages import Pages


@contextlib.contextmanager
def over(folder: Path) -> Iterator[Client]:
    """A client of an application that serves the page from a folder."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.router.default = Pages(folder)
    problems.install(app)
    loop = asyncio.new_event_loop()
    yield Client(app, loop)
    loop.close()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>page</title>")
    (folder / "assets" / "index-1a2b.js").write_text("1")
    (folder / "icon.svg").write_text("<svg/>")
    return folder


@pytest.fixture
def browse(built: Path) -> Iterator[Client]:
    with over(built) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/play/crowd-circuit-lidar", "/verdicts/vrd_1", "/wallet"]
)
def test_addresses_of_the_page_are_the_page(browse: Client, path: str) -> None:
    response = browse.get(path)
    assert response.status_code == 200
    assert "page" in response.text
    assert response.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_ever_others_for_an_hour(browse: Client) -> None:
    assert "immutable" in browse.get("/assets/index-1a2b.js").headers["cache-control"]
    assert browse.get("/icon.svg").headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/missing.png", "/api/nothing", "/healthz/x", "/metrics/y"]
)
def test_what_is_neither_file_nor_page_is_missing(browse: Client, path: str) -> None:
    assert browse.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])
def test_nothing_outside_the_folder_is_served(browse: Client, built: Path, path: str) -> None:
    (built.parent / "secret.txt").write_text("key")
    assert "key" not in browse.get(path).text


def test_without_a_build_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with over(tmp_path / "nowhere") as client:
        response = client.get("/play/x")
    assert response.status_code == 503
    assert "make" in response.text


def test_health_and_metrics(client: Client) -> None:
    health = client.get("/healthz").json()
    assert (health["status"], health["database"], health["judge"]) == ("degraded", True, "away")
    client.get("/api/campaigns")
    text = client.get("/metrics").text
    assert 'manyhands_requests_total{method="GET",status="2xx"}' in text
    assert "manyhands_pending_attempts 0.0" in text
    assert 'manyhands_jobs{state="ready"} 2.0' in text
