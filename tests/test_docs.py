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
SECTION = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
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


def sections(page: Path) -> dict[str, str]:
    """Text of a page's sections, without marks of emphasis, by the anchors that GitHub gives headings."""
    found: dict[str, str] = {}
    for part in re.split(r"^#+ ", page.read_text(), flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        found[anchor] = text.replace("*", "")
    return found


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_linked_section_is_there_and_holds_the_figure_that_links_to_it(page: Path) -> None:
    for text, other, anchor in SECTION.findall(CODE.sub("", page.read_text())):
        target = sections((page.parent / other) if other else page)
        assert anchor in target, f"{other or page.name} has no section {anchor!r}."
        if text[:1].isdigit() or text[:1] == ".":
            assert text in target[anchor], f"{text} is not in the section {anchor!r} of {other}."
