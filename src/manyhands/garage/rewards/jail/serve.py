"""The jailed process: loads libraries, locks itself up, then runs one stranger's reward function."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
from array import array
from collections.abc import Callable
from time import perf_counter as clock
from types import FrameType
from typing import Any

from . import calls, libraries, lockdown, scan, wire
from .functions import Fault, OvertimeError, compiled, fault_now, module


class Said(io.TextIOBase):
    """Takes what is printed, up to a bound for each order."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self) -> None:
        self.buffer = SaidBytes(self)
        self.parts: list[str] = []
        self.room = wire.SAID_BYTES
        self.lost = 0

    def write(self, text: str) -> int:
        """Keep the text as far as there is room."""
        size = len(text)
        if size <= self.room:
            self.room -= size
            self.parts.append(text)
        else:
            self.parts.append(text[: self.room])
            self.lost += size - self.room
            self.room = 0
        return size

    def take(self) -> bytes:
        """All of it, once."""
        text = "".join(self.parts)
        if self.lost:
            text = f"{text[:-40]}\n… {self.lost} more characters\n"
        self.parts, self.room, self.lost = [], wire.SAID_BYTES, 0
        return text.encode("utf-8", "replace")[: wire.SAID_BYTES]


class SaidBytes(io.RawIOBase):
    """The same for bytes, as `sys.stdout.buffer`; programs wrap it to choose an encoding."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Keep them as text."""
        return self._said.write(bytes(data).decode("utf-8", "replace"))


class Server:
    """Carries out orders, one after another."""

    def __init__(self, read_from: int, write_to: int) -> None:
        self._in, self._out = read_from, write_to
        self._said = Said()
        self._code: Any = None
        self._cars: list[calls.Function] = []
        self._watched = False

    def answer(self, kind: bytes, first: int = 0, second: int = 0, body: bytes = b"") -> None:
        """Send one answer whole."""
        data = wire.ANSWER.pack(kind, first, second, len(body)) + body
        while data:
            data = data[os.write(self._out, data) :]

    def fault(self, fault: Fault, car: int = 0, call: int = 0, kind: int = wire.RAISED) -> None:
        """Report a fault."""
        kind = wire.OVERTIME if fault.overtime else kind
        words = fault.words.encode("utf-8", "replace")
        self.answer(wire.FAULT, car, call, wire.FAULT_BODY.pack(fault.line, kind, words))

    def hear_overtime(self, _number: int, _frame: FrameType | None) -> None:
        """The runner has waited for too long: end the stranger's code where it stands."""
        if self._watched:
            raise OvertimeError

    def run(self) -> None:
        """Carry out orders until the pipe closes."""
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = self._said  # type: ignore[misc, assignment]
        todo: dict[bytes, Callable[[int, int, bytes], None]] = {
            wire.LOAD: self._load,
            wire.SCAN: self._scan,
            wire.ROWS: self._rows,
            wire.LINE: self._line,
        }
        while head := self._read(wire.ORDER.size):
            kind, first, second, size = wire.ORDER.unpack(head)
            body = self._read(size)
            try:
                self._watched = True
                todo[kind](first, second, body)
            except Fault as fault:
                self._watched = False
                self.fault(fault)
            except BaseException:  # noqa: BLE001 a stranger may have broken anything in here
                self._watched = False
                self.fault(fault_now())
            self._watched = False
            said = self._said.take()
            if said:
                self.answer(wire.SAID, body=said)
            self.answer(wire.DONE)

    def _read(self, size: int) -> bytes:
        """Exactly so many bytes, none when the runner is gone."""
        parts: list[bytes] = []
        while size:
            part = os.read(self._in, min(size, 1 << 20))
            if not part:
                return b""
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _load(self, cars: int, seed: int, body: bytes) -> None:
        random.seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed)
        code = compiled(body)
        self._cars = [module(code, car) for car in range(cars)]

    def _scan(self, _first: int, _second: int, body: bytes) -> None:
        for line, kind, words in scan.scan(body)[: wire.MOST_FAULTS]:
            self.fault(Fault(line, words), kind=kind)

    def _rows(self, cars: int, objects: int, body: bytes) -> None:
        batch = calls.unpack(body, cars, objects)
        for car, first, end in calls.spans(batch):
            function, values = self._cars[car], array("d")
            keep = values.append
            try:
                for params in calls.rows(batch, car, first, end):
                    keep(float(function(params)))
            except BaseException:  # noqa: BLE001 a stranger's code may raise anything
                self.fault(fault_now(), car, len(values))
                return
            self.answer(wire.VALUES, car, len(values), values.tobytes())

    def _line(self, car: int, first: int, body: bytes) -> None:
        params = json.loads(body)
        if first:
            params["steps"] = calls.FIRST
        if isinstance(params.get("waypoints"), list):
            params["waypoints"] = [tuple(point) for point in params["waypoints"]]
        begun_s = clock()
        result = self._cars[car](params)
        values = array("d", [float(result), clock() - begun_s])
        self.answer(wire.VALUES, int(isinstance(result, float)), len(values), values.tobytes())


def main(text: str) -> None:
    """Run the process: `text` is a JSON object of pipes, terms and libraries, from the runner."""
    terms = json.loads(text)
    read_from, write_to = terms["pipes"]
    server = Server(read_from, write_to)
    try:
        libraries.load(terms["libraries"])
        signal.signal(signal.SIGALRM, server.hear_overtime)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's
        lockdown.lock(lockdown.Confinement(**terms["confinement"]), read_from, write_to)
    except Exception as error:  # noqa: BLE001 whatever it is, the runner tells it
        server.fault(Fault(0, f"{type(error).__name__}: {error}"))
        os._exit(1)
    server.answer(wire.READY)
    server.run()
    os._exit(0)
