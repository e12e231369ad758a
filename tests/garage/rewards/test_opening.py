"""Sources as files hold them: encodings, and which definition counts."""

from __future__ import annotations

import pytest

from manyhands.errors import RewardError
from manyhands.garage.rewards.limits import Limits
from manyhands.garage.rewards.lines import LineRunner
from manyhands.garage.rewards.opening import text_of

FUNCTION = "def reward_function(params):\n    return float(len('{}'))\n"


def reward(data: bytes) -> object:
    """What a file's function gives, or the sentence with which it is refused."""
    try:
        runner = LineRunner(text_of(data), Limits())
    except RewardError as error:
        return error.message
    try:
        return runner.call("{}")
    finally:
        runner.close()


@pytest.mark.parametrize(
    "data",
    [
        FUNCTION.format("été").encode(),
        b"\xef\xbb\xbf" + FUNCTION.format("été").encode(),
        b"# -*- coding: latin-1 -*-\n" + FUNCTION.format("été").encode("latin-1"),
        b"#!/usr/bin/python3\n# vim: set fileencoding=euc-kr :\n"
        + FUNCTION.format("보상의").encode("euc-kr"),
        b"# caf\xe9\n" + FUNCTION.format("abc").encode(),
        FUNCTION.format("abc").replace("\n", "\r\n").encode(),
        FUNCTION.format("abc").replace("\n", "\r").encode(),
        FUNCTION.format("abc").replace("    ", "\t").encode() + b"\x0c\n",
    ],
)
def test_a_file_is_read_as_python_reads_it(data: bytes) -> None:
    assert reward(data) == 3.0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x = 1\n" + FUNCTION.format("été").encode("latin-1"), "Line 3: SyntaxError"),
        (b"# coding: nonsense\n" + FUNCTION.format("\xe9").encode("latin-1"), "unknown encoding"),
        (b"def reward_function(params):\n    print 'on the way'\n    return 1.0\n", "Line 2: SyntaxError"),
        (b"def reward_function(params):\n    a = 1\n\tb = 2\n    return 1.0\n", "Line 3: TabError"),
    ],
)
def test_what_python_does_not_read_is_refused(data: bytes, words: str) -> None:
    assert words in str(reward(data))


@pytest.mark.parametrize(
    "text",
    [
        "def reward_function(a, b):\n    return 1.0\ndef reward_function(params):\n    return 2.0\n",
        "async def reward_function(params):\n    return 1.0\nreward_function = lambda params: 2.0\n",
        "from functools import partial\ndef reward_function(params, k):\n    return k\n"
        "reward_function = partial(reward_function, k=2.0)\n",
        "exec('def reward_function(params):\\n    return 2.0')\n",
        "globals()['reward_function'] = lambda params: 2.0\n",
        "if True:\n    def reward_function(params):\n        return 2.0\n"
        "else:\n    def reward_function(): pass\n",
        "class Racer:\n    def reward_function(self, params):\n        return 2.0\n"
        "reward_function = Racer().reward_function\n",
    ],
)
def test_the_last_definition_counts_however_it_is_made(text: str) -> None:
    assert reward(text.encode()) == 2.0


def test_a_last_definition_that_cannot_be_called_is_told_with_its_line() -> None:
    text = "def reward_function(params):\n    return 1.0\ndef reward_function(a, b):\n    return 1.0\n"
    assert str(reward(text.encode())).startswith("Line 3: reward_function takes 2 parameters")
