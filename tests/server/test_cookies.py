from __future__ import annotations

import pytest

from manyhands.server import cookies

PLAYER = "plr_0123456789abcdef"


def test_a_signed_cookie_is_read_back() -> None:
    assert cookies.verify(b"key", cookies.sign(b"key", PLAYER, 3)) == cookies.Session(PLAYER, 3)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.replace("cdef", "cdee"),
        lambda value: value.replace(".3.", ".4."),
        lambda value: value[:-1],
        lambda value: value + "0",
        lambda value: value.upper(),
        lambda _: "",
    ],
)
def test_a_changed_cookie_is_nobody(change: object) -> None:
    assert cookies.verify(b"key", change(cookies.sign(b"key", PLAYER, 3))) is None  # type: ignore[operator]
