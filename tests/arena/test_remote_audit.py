"""The audit from outside over real HTTP; what it finds is tested with the audit of a folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from manyhands.arena import remote_audit
from manyhands.errors import InputError

Pages = dict[str, tuple[int, dict[str, str], Any]]


@pytest.fixture
def serve() -> Iterator[Callable[[Pages], str]]:
    """Serves pages (status, headers, document) by their paths; returns the address."""
    servers = []

    def start(pages: Pages) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, document = pages.get(self.path, (404, {}, {}))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(document if isinstance(document, bytes) else json.dumps(document).encode())

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def verdict(number: int) -> dict[str, Any]:
    """A first champion, of which nothing is derived again."""
    return {"id": f"vrd_{number}", "number": number, "kind": "bootstrap"}


def test_all_pages_are_read_under_an_address_with_a_path_and_redirects_are_followed(
    serve: Callable[[Pages], str],
) -> None:
    moved: Pages = {
        "/there/api/campaigns": (307, {"Location": "/arena/api/campaigns"}, {}),
        "/arena/api/campaigns": (200, {}, {"campaigns": [{"id": "cmp_1"}]}),
        "/there/api/campaigns/cmp_1/verdicts": (200, {}, {"verdicts": [verdict(2)], "next_cursor": "a+b"}),
        "/there/api/campaigns/cmp_1/verdicts?cursor=a%2Bb": (
            200,
            {},
            {"verdicts": [verdict(1)], "next_cursor": None},
        ),
        "/there/api/verdicts/vrd_1": (200, {}, verdict(1)),
        "/there/api/verdicts/vrd_2": (200, {}, verdict(2)),
    }
    report = remote_audit.audit(f"{serve(moved)}/there/")
    assert (report.verdicts, report.faults) == (2, [])


@pytest.mark.parametrize(
    "pages",
    [
        {},
        {"/api/campaigns": (200, {}, b"<html>")},
        {"/api/campaigns": (200, {}, {"name": "another program"})},
        {"/api/campaigns": (302, {"Location": "/api/campaigns"}, {})},
    ],
    ids=["nothing there", "a page", "another document", "a circle"],
)
def test_a_server_that_is_no_arena_is_one_sentence(serve: Callable[[Pages], str], pages: Pages) -> None:
    with pytest.raises(InputError, match="cannot be audited") as caught:
        remote_audit.audit(serve(pages))
    assert caught.value.field == "url"


@pytest.mark.parametrize("url", ["127.0.0.1:1", "http://", "http://[", "ftp://127.0.0.1"])
def test_what_is_no_address_is_one_sentence(url: str) -> None:
    with pytest.raises(InputError, match="cannot be audited"):
        remote_audit.audit(url)
