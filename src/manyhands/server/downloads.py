"""Answers that are files."""

from __future__ import annotations

from typing import Any

from fastapi import Response

FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What the OpenAPI says of such an answer."""


def download(data: bytes, name: str) -> Response:
    """A file to be saved under a name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)
