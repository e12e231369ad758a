from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks
from server_harness import Client

from manyhands.server import openapi, protocol
from manyhands.server.application import api_app

ROOT = Path(__file__).parents[2]
load_all_checks()
# The stream never ends; its frames have tests of their own.
schema = schemathesis.openapi.from_dict(api_app().openapi()).exclude(path="/api/events")


def test_the_document_for_typescript_is_up_to_date() -> None:
    written = (ROOT / "ui" / "openapi.json").read_text()
    assert written == openapi.text(), "Run python -m manyhands.server.openapi > ui/openapi.json"


def test_every_message_is_in_the_document() -> None:
    known = api_app().openapi()["components"]["schemas"]
    # What a query takes is described with its request; JsonValue is any JSON.
    assert set(known) - set(protocol.all_messages()) == {"JsonValue"}


def test_every_field_with_an_amount_or_a_time_states_its_unit() -> None:
    for name, message in protocol.all_messages().items():
        for field in message.model_fields:
            described = str(message.model_json_schema()["properties"][field])
            if field.endswith("_micro"):
                assert "icro-credits" in described, f"{name}.{field}"
            if field.endswith("_at"):
                assert "date-time" in described, f"{name}.{field}"


@schema.parametrize()
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_the_document_allows_is_answered_as_it_says(case: Any, player: Client) -> None:
    details = case.as_transport_kwargs()
    sent = {name: details[name] for name in ("params", "headers", "json", "content") if details.get(name)}
    if details.get("data") is not None:
        sent["content"] = details["data"] if isinstance(details["data"], bytes) else str(details["data"])
    given = sent.get("headers") or {}
    headers = {name: value.encode("latin-1", "ignore") for name, value in given.items()}
    response = player.request(case.method, details["url"], **(sent | {"headers": headers}))
    assert response.status_code != 500, response.text
    case.validate_response(
        response,
        checks=[
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
        ],
    )
