"""The documentation pages of the environments are those that the docstrings give."""

from pathlib import Path

import pytest

from manyhands.envs import pages

FOLDER = Path(__file__).parents[2] / "docs" / "environments"
HEADINGS = [
    "Description",
    "Action Space",
    "Observation Space",
    "Rewards",
    "Starting State",
    "Episode End",
    "Arguments",
    "Version History",
]


def test_pages_are_current() -> None:
    expected = pages.pages()
    assert expected
    assert {path.name: path.read_text() for path in FOLDER.glob("*.md")} == expected, (
        "run python -m manyhands.envs.pages docs/environments"
    )


def test_pages_have_all_headings() -> None:
    for text in pages.pages().values():
        assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS


def test_main_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pages", str(tmp_path / "deep")])
    pages.main()
    assert (tmp_path / "deep" / "racer-v0.md").read_text().startswith("# Racer-v0\n")
