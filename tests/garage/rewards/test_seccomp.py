"""The filter's program, run by a small interpreter of classic BPF for both machines."""

from __future__ import annotations

import struct

import pytest

from manyhands.garage.rewards.jail import seccomp

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050001
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
READ, WRITE, OPENAT, MMAP, EXIT = (
    {"x86_64": 0, "aarch64": 63},
    {"x86_64": 1, "aarch64": 64},
    {"x86_64": 257, "aarch64": 56},
    {"x86_64": 9, "aarch64": 222},
    {"x86_64": 231, "aarch64": 94},
)


def decide(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the program returns for a call."""
    words = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *words)
    code = list(struct.iter_unpack("=HBBI", seccomp.program(machine, 7, 9)))
    at, register = 0, 0
    while True:
        kind, if_true, if_false, value = code[at]
        at += 1
        if kind == 0x20:
            register = struct.unpack_from("<I", data, value)[0]
        elif kind == 0x06:
            return value
        else:
            holds = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[kind]
            at += if_true if holds else if_false


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_only_its_own_pipes_and_data_memory(machine: str) -> None:
    assert decide(machine, READ[machine], 7) == ALLOW
    assert decide(machine, READ[machine], 9) == REFUSE
    assert decide(machine, WRITE[machine], 9) == ALLOW
    assert decide(machine, WRITE[machine], 1) == REFUSE
    assert decide(machine, MMAP[machine], 0, 4096, 3) == ALLOW
    assert decide(machine, MMAP[machine], 0, 4096, 7) == REFUSE
    assert decide(machine, EXIT[machine]) == ALLOW
    assert decide(machine, OPENAT[machine]) == REFUSE
    assert decide(machine, READ[machine], 7, architecture=0x40000003) == KILL


def test_calls_by_their_second_numbers_are_refused() -> None:
    assert decide("x86_64", 0x40000000 | READ["x86_64"], 7) == REFUSE


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_all_but_the_listed_calls_are_refused(machine: str) -> None:
    passed = [number for number in range(600) if decide(machine, number, 1 << 20) == ALLOW]
    assert len(passed) == len(seccomp.numbers(machine)) - 2
    assert set(passed) < set(seccomp.numbers(machine).values())
