"""A judge process over the tiny course: `python crash_judge.py referee|trainer --data DIR`, to be killed."""

from __future__ import annotations

from tiny_arena import TinyShelf

import tiny_course as tiny
from manyhands import work
from manyhands.arena import scout, shelf, trainer


def main() -> None:
    """The real judge with fewer starts, on one track."""
    scout.AT_ONCE = tiny.ROWS // 2
    scout.LEAST = 2 * tiny.ATTEMPTS
    trainer.RoundConfig = lambda: tiny.ROUNDS  # type: ignore[misc,assignment]
    shelf.Shelf = TinyShelf  # type: ignore[misc]
    work.main()


if __name__ == "__main__":
    main()
