"""Rules of the house for the form of code: short files and functions, few parameters, no drawer files."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PYTHON = SOURCES + sorted((ROOT / "tests").rglob("*.py")) + sorted((ROOT / "benchmarks").rglob("*.py"))
GENERATED = ROOT / "ui" / "src" / "lib" / "wire.ts"
PAGES = [
    path
    for end in ("ts", "svelte", "css")
    for path in sorted((ROOT / "ui" / "src").rglob(f"*.{end}"))
    if path != GENERATED
]
MOST_LINES, MOST_LINES_OF_NINE_IN_TEN, MEDIAN_LINES = 800, 500, 200
MOST_LINES_OF_A_FUNCTION = 60
MOST_PARAMETERS = 8
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc"}
# A learner's main loop is read from top to bottom in one piece.
LOOPS = {"learners/distillation.py": {"make_iterate"}, "learners/ppo.py": {"make_train"}}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_long() -> None:
    assert not [name(path) for path in PYTHON + PAGES if lines(path) > MOST_LINES]


def test_most_files_are_short() -> None:
    sizes = sorted(lines(path) for path in SOURCES)
    assert statistics.median(sizes) <= MEDIAN_LINES
    assert sizes[round(0.9 * (len(sizes) - 1))] <= MOST_LINES_OF_NINE_IN_TEN


def test_no_file_is_a_drawer() -> None:
    assert not [name(path) for path in PYTHON + PAGES if path.stem in DRAWERS or path.parent.name in DRAWERS]


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    excepted = next((names for end, names in LOOPS.items() if name(path).endswith(end)), set())
    wrong = []
    for node in functions(path):
        given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        count = len([argument for argument in given if argument.arg not in ("self", "cls")])
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if count > MOST_PARAMETERS:
            wrong.append(f"{node.name} takes {count} parameters")
        if length > MOST_LINES_OF_A_FUNCTION and node.name not in excepted:
            wrong.append(f"{node.name} is {length} lines long")
    assert not wrong
