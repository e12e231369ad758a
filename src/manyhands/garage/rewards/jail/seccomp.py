"""A seccomp filter, seccomp(2), that leaves a process two pipes, memory, sleep, its own ids and its end.

For Linux on x86-64 and aarch64.
Everything that is not listed returns EPERM, so that Python raises PermissionError at the line that asked.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_REFUSE = 0x00050000 | errno.EPERM

# Classic BPF: load a 32-bit word of seccomp_data, jump on equality or on a set bit, return.
_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_PROT_EXEC = 4
_X32_BIT = 0x40000000

# Numbers of asm/unistd_64.h and asm-generic/unistd.h.
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "read": 0,
            "write": 1,
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "rt_sigreturn": 15,
            "sched_yield": 24,
            "mremap": 25,
            "madvise": 28,
            "nanosleep": 35,
            "getpid": 39,
            "exit": 60,
            "getcwd": 79,
            "gettimeofday": 96,
            "getrusage": 98,
            "times": 100,
            "getuid": 102,
            "getgid": 104,
            "geteuid": 107,
            "getegid": 108,
            "gettid": 186,
            "time": 201,
            "futex": 202,
            "sched_getaffinity": 204,
            "restart_syscall": 219,
            "clock_gettime": 228,
            "clock_getres": 229,
            "clock_nanosleep": 230,
            "exit_group": 231,
            "getcpu": 309,
            "getrandom": 318,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "getcwd": 17,
            "read": 63,
            "write": 64,
            "exit": 93,
            "exit_group": 94,
            "futex": 98,
            "nanosleep": 101,
            "clock_gettime": 113,
            "clock_getres": 114,
            "clock_nanosleep": 115,
            "sched_getaffinity": 123,
            "sched_yield": 124,
            "restart_syscall": 128,
            "rt_sigreturn": 139,
            "times": 153,
            "getrusage": 165,
            "getcpu": 168,
            "gettimeofday": 169,
            "getpid": 172,
            "getuid": 174,
            "geteuid": 175,
            "getgid": 176,
            "getegid": 177,
            "gettid": 178,
            "brk": 214,
            "munmap": 215,
            "mremap": 216,
            "mmap": 222,
            "mprotect": 226,
            "madvise": 233,
            "getrandom": 278,
        },
    ),
}


def offered() -> bool:
    """Whether this system and machine have a filter here."""
    return platform.system() == "Linux" and platform.machine() in _MACHINES


def numbers(machine: str) -> dict[str, int]:
    """The calls that are let through on a machine, by name."""
    return _MACHINES[machine][1]


def _statement(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _argument(index: int) -> bytes:
    """Load the low word of an argument; descriptors and protections have no more."""
    return _statement(_LOAD, _ARGUMENTS_AT + 8 * index)


def _rule(name: str, number: int, read_from: int, write_to: int) -> bytes:
    """Decide one call and fall through for all others; the number is loaded, and loaded again at the end."""
    body = _statement(_RETURN, _ALLOW)
    if name in ("read", "write"):
        descriptor = read_from if name == "read" else write_to
        body = _argument(0) + _statement(_EQUAL, descriptor, 0, 1) + body + _statement(_RETURN, _REFUSE)
    elif name in ("mmap", "mprotect"):  # memory, but no new code
        body = _argument(2) + _statement(_ANY_BIT, _PROT_EXEC, 1, 0) + body + _statement(_RETURN, _REFUSE)
    return _statement(_EQUAL, number, 0, len(body) // 8) + body


def program(machine: str, read_from: int, write_to: int) -> bytes:
    """The filter's instructions, 8 bytes each, for a machine as `platform.machine()` names it."""
    architecture, numbers = _MACHINES[machine]
    head = (
        _statement(_LOAD, _MACHINE_AT)
        + _statement(_EQUAL, architecture, 1, 0)
        + _statement(_RETURN, _KILL)
        + _statement(_LOAD, _NUMBER_AT)
    )
    if machine == "x86_64":  # the same calls under other numbers
        head += _statement(_AT_LEAST, _X32_BIT, 0, 1) + _statement(_RETURN, _REFUSE)
    rules = b"".join(_rule(name, number, read_from, write_to) for name, number in numbers.items())
    return head + rules + _statement(_RETURN, _REFUSE)


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(read_from: int, write_to: int) -> None:
    """Put this process under the filter for good. Raises OSError where the kernel refuses."""
    code = program(platform.machine(), read_from, write_to)
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = _Program(len(code) // 8, code)
    for order in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0),
    ):
        words = [item if not isinstance(item, int) else ctypes.c_ulong(item) for item in order]
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "prctl")
