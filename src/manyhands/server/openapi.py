"""Prints the OpenAPI document: `python -m manyhands.server.openapi > ui/openapi.json`."""

from __future__ import annotations

import json
import sys

from manyhands.server.application import api_app


def text() -> str:
    """Return the document as it is checked in, sorted so that a change shows as a small difference."""
    return json.dumps(api_app().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
