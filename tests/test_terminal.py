"""What commands write: refused before the work where it cannot be, in a sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from manyhands.errors import DiskFullError, InputError
from manyhands.terminal import check_new, new_file


def test_a_new_file_gets_the_folders_above_it(tmp_path: Path) -> None:
    out = tmp_path / "some" / "where" / "out.json"
    check_new(out)
    assert not out.parent.exists()
    with new_file(out):
        out.write_text("{}")
    with pytest.raises(InputError, match="exists already"), new_file(out):
        raise AssertionError
    assert out.read_text() == "{}"


@pytest.mark.parametrize("name", ["taken/out.json", "taken/below/out.json", "x" * 300])
def test_a_file_that_cannot_be_made_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot be written") as refused:
        check_new(tmp_path / name)
    assert refused.value.field == "out"
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_a_folder_that_may_not_be_written_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write everywhere
    with pytest.raises(InputError, match="Permission denied"):
        check_new(tmp_path / "out.json")


@pytest.mark.parametrize(
    ("number", "expected"), [(errno.EROFS, InputError), (errno.ENOSPC, DiskFullError)], ids=["denied", "full"]
)
def test_a_write_that_fails_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, number: int, expected: type[Exception]
) -> None:
    out = tmp_path / "out.json"

    def write() -> None:
        with new_file(out):
            out.write_text("a part")
            raise OSError(number, os.strerror(number))

    with pytest.raises(expected, match=str(out)):
        write()
    assert not out.exists()
