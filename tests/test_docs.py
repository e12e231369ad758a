"""What the documentation tells people to type is understood, and what it links to is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer.main

from manyhands import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"^\$ (?:\.venv/bin/)?manyhands (.+?)(?:\s+#.*)?$", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
LINES = [(page, line) for page in PAGES for line in COMMAND.findall(page.read_text())]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[line[:60] for _, line in LINES])
def test_a_command_is_understood(page: Path, line: str) -> None:
    words = shlex.split(line)
    command: click.Command = typer.main.get_command(cli.app)
    while isinstance(command, click.Group):
        assert words, f"{page.name}: `{line}` names no command."
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"{page.name}: there is no {words[0]!r}."
        command, words = found, words[1:]
    command.make_context("manyhands", words)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_what_is_linked_is_there(page: Path) -> None:
    text = CODE.sub("", page.read_text())
    gone = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert not gone
