from __future__ import annotations

from pathlib import Path

from manyhands.server import protocol
from manyhands.server.application import api_app

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text()
    assert text == protocol.filled(text), "Run python -m manyhands.server.protocol docs/protocol.md"


def test_the_page_has_every_message_and_endpoint() -> None:
    text = PAGE.read_text()
    for name in set(api_app().openapi()["components"]["schemas"]) - {"JsonValue"}:
        assert f"### {name}\n" in text
    assert "`POST /api/assignments/{assignment_id}/attempt`" in text
    assert "| `insufficient_credits` | 409 |" in text


def test_a_changed_table_is_noticed_and_mended(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Words.\n<!-- problems -->\nstale words\n<!-- /problems -->\nMore.\n")
    protocol.main(page)
    text = page.read_text()
    assert text.startswith("Words.\n")
    assert text.endswith("<!-- /problems -->\nMore.\n")
    assert "stale words" not in text
    assert "`quota`" in text
