"""Writes the tables of `docs/protocol.md` from the messages.

Run `python -m manyhands.server.protocol docs/protocol.md`. Prose stays as it is written; what stands between
`<!-- NAME -->` and `<!-- /NAME -->` is replaced.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from manyhands import errors
from manyhands.server.application import api_app
from manyhands.server.messages import (
    base,
    campaigns,
    catalogue,
    events,
    garage,
    lab,
    leaderboard,
    league,
    operator,
    play,
    session,
    traces,
    verdicts,
)
from manyhands.server.problems import problem_of

_BLOCK = re.compile(r"(<!-- (?P<name>[a-z]+) -->\n).*?(<!-- /(?P=name) -->)", re.DOTALL)
_METHODS = ("get", "post", "patch", "delete")
# In the order in which the document tells of them.
_AREAS = (
    base,
    session,
    catalogue,
    campaigns,
    play,
    verdicts,
    leaderboard,
    events,
    operator,
    lab,
    garage,
    traces,
    league,
)


def all_messages() -> dict[str, type[BaseModel]]:
    """Every concrete message by name, in the order of the areas."""
    skipped: tuple[Any, ...] = (base.Message, base.Request)
    return {
        name: item
        for module in _AREAS
        for name, item in vars(module).items()
        if isinstance(item, type)
        and issubclass(item, BaseModel)
        and item.__module__ == module.__name__
        and item not in skipped
    }


def tables() -> dict[str, str]:
    """Return the Markdown of every generated block by name."""
    document = api_app().openapi()
    return {
        "endpoints": _endpoints(document),
        "problems": _problems(),
        "messages": _messages(document["components"]["schemas"]),
    }


def filled(text: str) -> str:
    """Return a document with its generated blocks up to date."""
    blocks = tables()
    return _BLOCK.sub(lambda match: f"{match[1]}\n{blocks[match['name']]}\n{match[3]}", text)


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def _endpoints(document: dict[str, Any]) -> str:
    rows = []
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                rows.append(_endpoint(method, path, operations[method]))
    return _table(["request", "body", "answer", "what it does"], rows)


def _endpoint(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    status, success = next(item for item in operation["responses"].items() if item[0].startswith("2"))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    headers = [part["name"] for part in operation.get("parameters", []) if part["in"] == "header"]
    needs = "".join(f"<br>header `{name}`" for name in headers)
    return [
        f"`{method.upper()} {path}`{needs}",
        _type(body) if body else "",
        f"{status} {_answer(success)}".strip(),
        operation["description"].split("\n\n")[0].replace("\n", " "),
    ]


def _answer(response: dict[str, Any]) -> str:
    for media, content in response.get("content", {}).items():
        if media == "application/json":
            return _type(content.get("schema", {}))
        return f"`{media}`"
    return ""


def _problems() -> str:
    rows = []
    for kind in _tree(errors.ManyhandsError):
        problem = problem_of(kind("…"))
        meaning = (kind.__doc__ or "").split("\n")[0]
        rows.append([f"`{problem.code}`", str(problem.status), meaning, problem.remedy])
    unique = {row[0]: row for row in rows if row[1] != "500"}
    return _table(["code", "status", "meaning", "remedy"], list(unique.values()))


def _tree(kind: type[errors.ManyhandsError]) -> Iterator[type[errors.ManyhandsError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _tree(child)


def _messages(schemas: dict[str, Any]) -> str:
    parts = []
    for name, message in all_messages().items():
        schema = schemas.get(name)
        if schema is None:
            continue
        text = (message.__doc__ or "").strip()
        required = set(schema.get("required", []))
        rows = [
            [
                f"`{field}`" + ("" if field in required else " (optional)"),
                _type(facts),
                _limits(facts),
                facts.get("description", ""),
            ]
            for field, facts in schema.get("properties", {}).items()
        ]
        table = _table(["field", "type", "limits", "meaning"], rows) if rows else ""
        parts.append(f"### {name}\n\n{_paragraphs(text)}\n\n{table}")
    return "\n".join(parts)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _type(schema: dict[str, Any]) -> str:
    """Return a JSON schema's type in words, messages as links."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return "any JSON" if name == "JsonValue" else f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    choices = [_type(option) for option in schema.get("anyOf", [])]
    choices += [f"`{value}`" for value in schema.get("enum", [])]
    return " or ".join(choices) or _plain_type(schema)


def _plain_type(schema: dict[str, Any]) -> str:
    kind = str(schema.get("type", "any JSON"))
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return "time" if schema.get("format") == "date-time" else kind


_LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "minLength": "≥ {} characters",
    "maxLength": "≤ {} characters",
    "minProperties": "≥ {} entries",
    "maxProperties": "≤ {} entries",
    "pattern": "`{}`",
}


def _limits(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", [])]
    found = [
        text.format(option[name]) for option in options for name, text in _LIMITS.items() if name in option
    ]
    return ", ".join(found)


def main(path: Path) -> None:
    """Bring one document up to date."""
    path.write_text(filled(path.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
