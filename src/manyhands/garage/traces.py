"""SIM_TRACE: what DeepRacer's simulator writes of every step, as CSV files and as lines of its log.

Read and written are the 17 columns of `training-simtrace/N-iteration.csv` and the same fields behind
`SIM_TRACE_LOG:`, in their order. Also read: the form of 2019 without status and pause, whose yaw is in
radians; the two columns that newer simulators add; and actions of continuous spaces, `[steering speed]`, with
or without a comma that makes a field of its own. Plain numpy, no JAX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from manyhands.errors import TraceError

COLUMNS = (
    "episode",
    "steps",
    "X",
    "Y",
    "yaw",
    "steer",
    "throttle",
    "action",
    "reward",
    "done",
    "all_wheels_on_track",
    "progress",
    "closest_waypoint",
    "track_len",
    "tstamp",
    "episode_status",
    "pause_duration",
)
"""of the CSV, in order"""
STATUS, PAUSE = COLUMNS.index("episode_status"), COLUMNS.index("pause_duration")
MOST_FIELDS = len(COLUMNS) + 2  # obstacle_crash_counter and wall_clock
MARK = "SIM_TRACE_LOG:"
NO_ACTION = -1
"""action of a step in a continuous space"""
MOST_ROWS = 500_000
"""of a file, and of all files of an archive together: nine hours of one simulator"""
MOST_LINE = 1000
"""characters of a step's line; simulators write a sixth of that"""
PER_ITERATION = 20
"""episodes of an iteration, where a log does not say it: DeepRacer's default"""

STEP = np.dtype(
    [
        ("episode", "i8"),
        ("steps", "i8"),
        ("X", "f8"),
        ("Y", "f8"),
        ("yaw", "f8"),
        ("steer", "f8"),
        ("throttle", "f8"),
        ("action", "i8"),
        ("reward", "f8"),
        ("done", "?"),
        ("all_wheels_on_track", "?"),
        ("progress", "f8"),
        ("closest_waypoint", "i8"),
        ("track_len", "f8"),
        ("tstamp", "f8"),
        ("episode_status", "U24"),
        ("pause_duration", "f8"),
    ]
)
"""One step: the car's front in metres of the track's file; degrees; commanded m/s; seconds."""

Rows = NDArray[Any]
Phase = Literal["training", "evaluation"]
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_WORD = re.compile(r"[a-z_]{1,24}")
_PAIR = re.compile(r"\[[^\[\]]*\]")
_FILLED = re.compile(r"\S[^\r\n]*")
_AT_ONCE = 10_000  # lines as lists of texts, which take ten times what their steps do


@dataclass(frozen=True, eq=False)
class Part:
    """Steps of one iteration, rows (n,) of dtype STEP in the order of the file."""

    phase: Phase
    iteration: int
    rows: Rows


@dataclass(frozen=True)
class _Line:
    """One line's fields with its number, from 1."""

    number: int
    fields: list[str]


def read_csv(text: str, name: str, most: int = MOST_ROWS) -> Rows:
    """Steps of a CSV, with or without its heading. Raises TraceError naming file and line.

    most: how many steps it may have.
    """
    return _rows(_lines_of_csv(text, name), name, most)


def _lines_of_csv(text: str, name: str) -> Iterator[_Line]:
    is_first = True
    for number, line in _numbered(text, name):
        if is_first and line.lstrip("\ufeff").lower().startswith(COLUMNS[0]):
            _check_heading(line.lstrip("\ufeff"), name)
        else:
            yield _Line(number, _split(line))
        is_first = False


def read_log(text: str, name: str, most: int = MOST_ROWS) -> Rows:
    """Steps of the lines of a log that have one; others are passed over. Raises TraceError as `read_csv`."""
    if MARK not in text:
        raise TraceError(f"{name} has no line with {MARK.rstrip(':')}.", field="trace")
    return _rows((_Line(number, _split(line)) for number, line in _marked(text, name)), name, most)


def _numbered(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers from 1, one by one."""
    number, counted = 1, 0
    for found in _FILLED.finditer(text):
        number += text.count("\n", counted, found.start())
        counted = found.start()
        yield number, _short(text, *found.span(), number, name)


def _marked(text: str, name: str) -> Iterator[tuple[int, str]]:
    """What follows the marks of a log, with the numbers of their lines from 1, one by one."""
    number, counted = 1, 0
    at = text.find(MARK)
    while at >= 0:
        number += text.count("\n", counted, at)
        counted = at
        end = text.find("\n", at) % (len(text) + 1)  # -1, for none, becomes the end
        # Log readers put their own columns behind a tab.
        tab = text.find("\t", at, end)
        yield number, _short(text, at + len(MARK), end if tab < 0 else tab, number, name)
        at = text.find(MARK, end)


def _short(text: str, start: int, end: int, number: int, name: str) -> str:
    if end - start > MOST_LINE:
        raise _wrong(number, name, f"has {end - start:,} characters", f"A step has at most {MOST_LINE:,}.")
    return text[start:end]


def iterations(rows: Rows, per_iteration: int = PER_ITERATION) -> list[Part]:
    """Steps of a log, which names no iterations, by the number of their episodes."""
    of = rows["episode"] // per_iteration
    order = np.argsort(of, kind="stable")
    numbers, first = np.unique(of[order], return_index=True)
    pieces = np.split(rows[order], first[1:])
    return [Part("training", number, piece) for number, piece in zip(numbers.tolist(), pieces, strict=True)]


def csv_of(rows: Rows) -> str:
    """The CSV of steps, with its heading."""
    return "".join([",".join(COLUMNS) + "\n", *(_csv_line(row) for row in rows.tolist())])


def log_of(rows: Rows) -> str:
    """The log lines of steps."""
    return "".join(_log_line(row) for row in rows.tolist())


def _csv_line(row: tuple[Any, ...]) -> str:
    (episode, step, x, y, yaw, steer, speed, action, reward) = row[:9]
    (done, wheels, progress, waypoint, length, stamp, status, pause) = row[9:]
    return (
        f"{episode},{step}.0,{x:.6f},{y:.6f},{yaw:.6f},{steer:.6g},{speed:.6g},{action},{reward!r},{done},"
        f"{wheels},{progress:.6f},{waypoint},{length:.6f},{stamp:.4f},{status},{pause:g}\n"
    )


def _log_line(row: tuple[Any, ...]) -> str:
    (episode, step, x, y, yaw, steer, speed, action, reward) = row[:9]
    (done, wheels, progress, waypoint, length, stamp, status, pause) = row[9:]
    return (
        f"{MARK}{episode},{step},{x:.4f},{y:.4f},{yaw:.4f},{steer:.2f},{speed:.2f},{action},{reward:.4f},"
        f"{done},{wheels},{progress:.4f},{waypoint},{length:.2f},{stamp:.4f},{status},{pause:.2f}\n"
    )


def _check_heading(line: str, name: str) -> None:
    given = [word.strip().lower() for word in line.split(",")]
    wanted = [word.lower() for word in COLUMNS]
    common = min(len(given), len(wanted))
    if given[:common] != wanted[:common] or len(given) < STATUS:
        raise TraceError(
            f"The heading of {name} is not that of a SIM_TRACE.",
            field="trace",
            remedy=f"Give the columns {', '.join(COLUMNS)} in this order.",
        )


def _split(line: str) -> list[str]:
    """Fields of a line; a continuous action is one, whatever stands inside its brackets."""
    action = _PAIR.search(line)
    if action is not None:
        line = line[: action.start()].replace('"', "") + str(NO_ACTION) + line[action.end() :].lstrip('"')
    return [field.strip() for field in line.strip().split(",")]


def _rows(lines: Iterator[_Line], name: str, most: int) -> Rows:
    """Steps of lines, some at a time; no more lines are read than there may be steps."""
    blocks: list[Rows] = []
    read, width = 0, 0
    while block := list(islice(lines, _AT_ONCE)):
        read += len(block)
        if read > most:
            raise TraceError(
                f"{name} has too many steps.", field="trace", remedy=f"Give at most {MOST_ROWS:,} at once."
            )
        width = width or len(block[0].fields)
        blocks.append(_block(block, width, name))
    if not blocks:
        raise TraceError(f"{name} has no steps.", field="trace")
    rows = np.concatenate(blocks)
    if width <= STATUS:
        _add_statuses(rows)
        rows["yaw"] = np.degrees(rows["yaw"])
    return rows


def _block(lines: list[_Line], width: int, name: str) -> Rows:
    """Steps of lines, column by column; where that fails, the first wrong field is looked for."""
    for line in lines:
        if len(line.fields) != width or not STATUS <= width <= MOST_FIELDS:
            needs = f"Every line needs {_widths(width)}."
            raise _wrong(line.number, name, f"has {len(line.fields)} fields", needs)
    rows = np.zeros(len(lines), STEP)
    for at, column in enumerate(COLUMNS[:width]):
        texts = [line.fields[at] for line in lines]
        try:
            rows[column] = _column(at, texts)
        except ValueError:
            _blame(at, lines, name)
    return rows


def _widths(width: int) -> str:
    return str(width) if STATUS <= width <= MOST_FIELDS else f"{STATUS} to {MOST_FIELDS}"


def _column(at: int, texts: list[str]) -> NDArray[Any]:
    """Values of a column. Raises ValueError where one is none."""
    kind = STEP[at].kind
    if kind == "b":
        if not all(text.lower() in _TRUTH for text in texts):
            raise ValueError
        return np.array([_TRUTH[text.lower()] for text in texts])
    if kind == "U":
        if not all(_WORD.fullmatch(text) for text in texts):
            raise ValueError
        return np.array(texts)
    numbers = np.array([float(text) for text in texts])
    limit = 2.0**53 if kind == "i" else np.inf
    if not np.isfinite(numbers).all() or not (np.abs(numbers) < limit).all():
        raise ValueError
    if kind == "i" and (numbers != np.round(numbers)).any():
        raise ValueError
    return numbers


def _blame(at: int, lines: list[_Line], name: str) -> None:
    """Raise TraceError for the first line whose field has the wrong form."""
    needs = {"b": "True or False", "U": "a status", "i": "a whole number", "f": "a number"}[STEP[at].kind]
    for line in lines:
        try:
            _column(at, [line.fields[at]])
        except ValueError:
            text = line.fields[at][:40]
            raise _wrong(line.number, name, f"has {COLUMNS[at]} {text!r}", f"It must be {needs}.") from None


def _wrong(number: int, name: str, what: str, remedy: str) -> TraceError:
    return TraceError(f"Line {number} of {name} {what}.", field="trace", remedy=remedy)


def _add_statuses(rows: Rows) -> None:
    """What the form of 2019 does not say: how an episode that is done has ended."""
    lap = rows["progress"] > 100.0 - 1e-3
    ended = np.where(lap, "lap_complete", "off_track")
    rows["episode_status"] = np.where(rows["done"], ended, "in_progress")
