"""The error tree keeps what its docstring draws."""

from __future__ import annotations

import inspect
import re

from manyhands import errors


def _classes() -> list[type[errors.ManyhandsError]]:
    return [
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, errors.ManyhandsError)
    ]


def test_the_drawing_names_every_class_below_its_parent() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^    ([│├└─ ]*)(\w+Error)\b", line)
        if match:
            depth = len(match[1]) // 4
            path = [*path[:depth], match[2]]
            drawn[match[2]] = path[depth - 1] if depth else "Exception"
    assert drawn == {found.__name__: found.__bases__[0].__name__ for found in _classes()}


def test_codes_are_distinct_and_remedies_are_sentences() -> None:
    codes = [found.code for found in _classes()]
    assert len(set(codes)) == len(codes)
    assert all(found.default_remedy.endswith(".") for found in _classes())


def test_an_error_says_what_and_what_to_do() -> None:
    error = errors.InputError("Steering 2 is out of range.", field="steering", remedy="Send -1 to 1.")
    assert error.sentence() == "Steering 2 is out of range. Send -1 to 1."
    assert str(error) == error.message
    assert (error.code, error.field) == ("invalid_input", "steering")


def test_busy_errors_say_when_to_come_back() -> None:
    error = errors.QuotaError("Too many.", retry_after_s=9)
    assert error.retry_after_s == 9
    assert error.remedy == errors.BusyError.default_remedy
