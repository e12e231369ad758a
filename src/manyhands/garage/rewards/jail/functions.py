"""A stranger's source as modules, one for each car, and the faults of running it, in words."""

from __future__ import annotations

import linecache
import math
import sys
from collections.abc import Callable
from types import CodeType, ModuleType, SimpleNamespace, TracebackType
from typing import Any

FILE = "reward_function.py"
NAME = "reward_function"
MOST_WORDS = 400
# What float() says of what it cannot convert.
_FLOAT_FAILS = (
    "float() argument",
    "could not convert",
    "int too large",
    "only 0-dim",
    "only length-1",
    "setting an array",
)

# The signature of 2018, by name; its angles are in radians.
_EARLY: dict[str, Callable[[dict[str, Any]], Any]] = {
    "on_track": lambda given: given["distance_from_center"] <= 0.5 * given["track_width"],
    "car_orientation": lambda given: math.radians(given["heading"]),
    "throttle": lambda given: given["speed"],
    "steering": lambda given: math.radians(given["steering_angle"]),
    "closest_waypoint": lambda given: _first(given["closest_waypoints"]),
    "closest_waypoints": lambda given: _first(given["closest_waypoints"]),
}
_EARLY_ORDER = (
    "on_track", "x", "y", "distance_from_center", "car_orientation", "progress", "steps", "throttle",
    "steering", "track_width", "waypoints", "closest_waypoint",
)  # fmt: skip
EARLY_COUNTS = (12, 13)


def _first(waypoints: Any) -> Any:
    """The waypoint passed last: of the pair of today, or the one that a state of 2018 has."""
    return waypoints if isinstance(waypoints, int) else waypoints[0]


class OvertimeError(BaseException):
    """Raised inside a stranger's code when the runner has waited for too long."""


class Fault(Exception):
    """What went wrong with a stranger's code: line (0 where unknown) and a sentence."""

    def __init__(self, line: int, words: str, overtime: bool = False) -> None:
        super().__init__(words)
        self.line = line
        self.words = words
        self.overtime = overtime


def line_of(trace: TracebackType | None) -> int:
    """Last line of the stranger's file in a traceback, 0 where there is none."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def fault_now() -> Fault:
    """The exception being handled, as a fault. Never raises, whatever the exception's own methods do."""
    kind, error, trace = sys.exc_info()
    line = line_of(trace)
    if isinstance(error, OvertimeError):
        return Fault(line, "It took too long.", overtime=True)
    if isinstance(error, SyntaxError) and error.filename == FILE:
        return Fault(error.lineno or line, f"{type(error).__name__}: {error.msg}")
    name = getattr(kind, "__name__", "an exception")
    try:
        words = str(error)[:MOST_WORDS]
    except BaseException as worse:  # noqa: BLE001 a hostile __str__ may raise anything
        words = "(overtime)" if isinstance(worse, OvertimeError) else "(no text)"
    if line == 0 and words.startswith(_FLOAT_FAILS):
        return Fault(0, f"The reward is no number: {words}.")
    return Fault(line, f"{name}: {words}" if words else f"{name}")


def readable(source: bytes) -> str | bytes:
    """What Python is to read of a source: its text, for what encoding it names is undone already.

    Of bytes that are no text Python itself says whether and where they matter.
    """
    try:
        return source.decode()
    except UnicodeDecodeError:
        return source


def compiled(source: bytes) -> CodeType:
    """The code of a source in UTF-8, as far as it is that. Raises Fault where it is no Python."""
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    linecache.cache[FILE] = (len(source), None, lines, FILE)
    try:
        return compile(readable(source), FILE, "exec", dont_inherit=True)
    except BaseException as error:
        raise fault_now() from error


def module(code: CodeType, car: int) -> Callable[[dict[str, Any]], Any]:
    """Run the source as a new module and return its reward function. Raises Fault."""
    made = ModuleType(f"{NAME}_{car}")
    made.__file__ = FILE
    sys.modules[made.__name__] = made
    try:
        exec(code, made.__dict__)
    except BaseException as error:
        raise fault_now() from error
    function = made.__dict__.get(NAME)
    if not callable(function):
        raise Fault(0, f"There is no function {NAME}: write def {NAME}(params).")
    return _with_early_signature(function)


def _with_early_signature(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    """The function of one argument, also for one with the 12 or 13 arguments of 2018."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_argcount not in EARLY_COUNTS or code.co_varnames[0] == "params":
        return function
    names = code.co_varnames[: code.co_argcount]
    itself = SimpleNamespace()
    # A name that is neither of then nor of today stands for the argument at its place.
    unknown = dict(zip(names[-len(_EARLY_ORDER) :], _EARLY_ORDER, strict=True))

    def early(params: dict[str, Any]) -> Any:
        def given(name: str) -> Any:
            if name in _EARLY and (name not in params or name == "closest_waypoints"):
                return _EARLY[name](params)
            if name in params:
                return params[name]
            return itself if name not in unknown else given(unknown[name])

        return function(*map(given, names))

    return early
