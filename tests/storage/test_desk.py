"""What is under way is found as it was put down, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from manyhands.storage.desk import Desk


def test_a_state_is_found_as_it_was_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    assert desk.take("run_a") is None
    desk.keep("run_a", {"part": 1}, {"leaf": np.zeros(2)})
    desk.keep("run_a", {"part": 2}, {"leaf": np.arange(3, dtype=np.float32)})
    found = desk.take("run_a")
    assert found is not None
    assert found[0] == {"part": 2}
    assert list(found[1]) == ["leaf"]
    assert np.array_equal(found[1]["leaf"], np.arange(3, dtype=np.float32))


def test_a_file_replaces_the_one_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.read("run_a", "best") is None
    for data in (b"first", b"second"):
        desk.put("run_a", "best", data)
    assert desk.read("run_a", "best") == b"second"


def test_clearing_takes_all_of_one_piece_of_work(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name in ("run_a", "run_ab"):
        desk.keep(name, {}, {})
        desk.put(name, "best", b"x")
    desk.clear("run_a")
    desk.clear("run_a")
    assert desk.take("run_a") is None
    assert desk.read("run_a", "best") is None
    assert desk.read("run_ab", "best") == b"x"


def test_it_knows_what_lies_on_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    assert desk.names() == set()
    for name in ("run_a", "run_b"):
        desk.keep(name, {}, {})
        desk.put(name, "best", b"x")
    assert desk.names() == {"run_a", "run_b"}


def test_a_broken_write_leaves_the_state_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.keep("run_a", {"part": 1}, {})
    with pytest.raises(ValueError, match="pickle"):
        desk.keep("run_a", {"part": 2}, {"leaf": np.array([object()])})
    found = desk.take("run_a")
    assert found is not None
    assert found[0] == {"part": 1}
