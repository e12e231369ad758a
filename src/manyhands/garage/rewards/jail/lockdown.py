"""What a process gives up before it reads a stranger's source: files, network, processes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from dataclasses import dataclass

from . import seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x40000000


@dataclass(frozen=True)
class Confinement:
    """memory_bytes: on top of what the libraries take; cpu_s: of processor time; parent: its process id."""

    memory_bytes: int
    cpu_s: int
    parent: int
    jailed: bool


def _in_use_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _be_alone() -> None:
    """Raise OSError when a library has started a thread: the filter binds the thread that installs it."""
    if os.path.isdir("/proc/self/task") and len(os.listdir("/proc/self/task")) > 1:
        raise OSError("A library has started threads.")


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))


def lock(terms: Confinement, read_from: int, write_to: int) -> None:
    """Give it all up, for good; the working folder, which must be empty, becomes the whole file system.

    Namespaces and chroot are taken where the system offers them: the filter alone already keeps everything
    shut. Raises OSError when a limit or the filter cannot be set.
    """
    in_use = _in_use_bytes() if os.path.exists("/proc/self/statm") else 0
    libc = ctypes.CDLL(None, use_errno=True)
    if terms.jailed:
        _be_alone()
        for flags in (_NEW_USER | _NEW_NETWORK | _NEW_IPC | _NEW_MOUNTS, _NEW_USER | _NEW_NETWORK):
            if not libc.unshare(flags):
                break
        with contextlib.suppress(OSError):
            os.chroot(".")
            os.chdir("/")
        # After the namespace: a change of credentials clears both.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if os.getppid() not in (terms.parent, 0):
            raise OSError("The parent is gone.")
    for kind, most in (
        (resource.RLIMIT_CPU, terms.cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        _limit(kind, most)
    if in_use:
        _limit(resource.RLIMIT_AS, in_use + terms.memory_bytes)
    if terms.jailed:
        seccomp.install(read_from, write_to)
