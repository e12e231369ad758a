from __future__ import annotations

import pytest

from manyhands.server.addresses import client_address
from manyhands.server.limits import Buckets, Rate


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
