from __future__ import annotations

import pytest

from manyhands.errors import JudgeBehindError
from manyhands.server.addresses import client_address
from manyhands.server.limits import HOLD_S, LONGEST_RETRY_S, Buckets, Queues, Rate


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    buckets = Buckets(Rate(per_s=0.5, burst=2.0))
    assert [buckets.wait_s("a", 0.0) for _ in range(3)] == [0, 0, 2]
    assert buckets.wait_s("b", 0.0) == 0
    assert buckets.wait_s("a", 1.0) == 1
    assert buckets.wait_s("a", 2.0) == 0
    assert buckets.wait_s("a", 2.0) == 2


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets(Rate(per_s=1.0, burst=1.0), capacity=3)
    for number in range(3):
        buckets.wait_s(str(number), 0.0)
    buckets.wait_s("late", 10.0)
    assert len(buckets) == 1


def test_memory_is_bounded_by_forgetting_the_oldest() -> None:
    buckets = Buckets(Rate(per_s=1.0, burst=100.0), capacity=10)
    for number in range(50):
        buckets.wait_s(str(number), number / 100)
    assert len(buckets) <= 10
    assert buckets.wait_s("49", 0.5) == 0


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ("", 0, "10.0.0.1"),
        ("1.1.1.1", 0, "10.0.0.1"),
        ("1.1.1.1", 1, "1.1.1.1"),
        ("9.9.9.9, 1.1.1.1", 1, "1.1.1.1"),
        ("9.9.9.9, 1.1.1.1, 2.2.2.2", 2, "1.1.1.1"),
        ("1.1.1.1", 2, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", 1, "2001:db8:1:2::/64"),
    ],
)
def test_only_trusted_proxies_name_the_client(forwarded: str, proxies: int, expected: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert client_address({"client": ("10.0.0.1", 1), "headers": headers}, proxies) == expected


class Shelf:
    """Things that many ask for, taken one by one."""

    def __init__(self, left: int) -> None:
        self.left, self.asked = left, 0
        self._queues = Queues()

    def take(self, who: str, now_s: float) -> int | None:
        """None if one was left, or else after how many seconds to ask again."""
        try:
            with self._queues.ask("shelf", who, now_s):
                self.asked += 1
                if self.left == 0:
                    raise JudgeBehindError("There is none.", retry_after_s=3, field="shelf")
                self.left -= 1
        except JudgeBehindError as told:
            return told.retry_after_s
        return None


def test_who_finds_nothing_comes_back_after_the_usual_time() -> None:
    shelf = Shelf(1)
    assert [shelf.take("a", 0.0), shelf.take("b", 0.0)] == [None, 3]
    shelf.left = 1
    assert shelf.take("b", 3.0) is None


def test_that_there_is_nothing_is_found_out_once_for_all_who_ask_at_a_time() -> None:
    shelf = Shelf(0)
    assert all(shelf.take(str(number), 0.001 * number) for number in range(20))
    assert shelf.asked == 1
    shelf.left = 1
    assert shelf.take("0", HOLD_S) is None
    assert shelf.asked == 2


def test_many_come_back_when_it_may_be_their_turn() -> None:
    shelf = Shelf(0)
    told = [shelf.take(str(number), 0.0) for number in range(100)]
    assert (told[0], told[-1]) == (3, LONGEST_RETRY_S)
    shelf.left = 100
    assert [shelf.take(str(number), 1.0) for number in range(80)] == [None] * 80
    shelf.left = 0
    assert shelf.take("80", 1.0) == 3, "20 wait, and 80 were served within ten seconds"


def test_who_went_away_is_not_waited_for() -> None:
    shelf = Shelf(0)
    for number in range(100):
        shelf.take(str(number), 0.0)
    assert shelf.take("late", 0.0) == LONGEST_RETRY_S
    assert shelf.take("late", 2.0 * LONGEST_RETRY_S + 1.0) == 3


def test_one_shortage_is_not_another() -> None:
    queues = Queues()
    with pytest.raises(JudgeBehindError, match=r"^There is none\.$") as told, queues.ask("a", "me", 0.0):
        raise JudgeBehindError("There is none.", field="start", remedy="Wait.")
    assert (told.value.field, told.value.remedy) == ("start", "Wait.")
    with queues.ask("b", "me", 0.0):
        pass
