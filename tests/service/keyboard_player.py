"""A person at the keyboard: sees the road late, plans past boxes, presses and releases real keys."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM_VARIABLE = "TEST_CHROMIUM"
REACTION_S = 0.2
REACTION_TICKS = 3
BOX_HALF_M = 0.12
CAR_HALF_M = 0.09
CAREFUL_MPS = 1.6
SIGHT_M = 1.6
WHEEL_SLACK = 0.02
PEDAL_SLACK = 0.06
ALARM_S = 0.7  # how far people look ahead before they take the wheel
CALM_TICKS = 12  # how long they keep it after the last alarm
# Not about speed: a judge shares the machine with whatever else runs there.
PATIENCE_S = 1200.0

Json = dict[str, Any]


def chromium_program() -> str | None:
    """Path of the browser: the one that the variable names, else the machine's."""
    return os.environ.get(CHROMIUM_VARIABLE) or shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True)
class Handling:
    """What a driver knows of a car."""

    wheelbase_m: float
    max_steer_rad: float
    speeds_mps: tuple[float, float]


SPORT = Handling(0.165, 0.52, (0.4, 4.0))
DEEPRACER = Handling(0.262, 0.5236, (0.1, 4.0))


@dataclass(frozen=True)
class Road:
    """Centre line (K, 2), unit tangents (K, 2), half widths (K,) and spacing of one track, in metres."""

    centre: NDArray[np.float64]
    tangent: NDArray[np.float64]
    half_width: NDArray[np.float64]
    spacing: float

    @classmethod
    def parse(cls, data: Json) -> Road:
        """Read the answer of GET /api/tracks/{id}."""
        return cls(
            np.array(data["centre_m"]),
            np.array(data["tangent"]),
            np.array(data["half_widths_m"]),
            data["spacing_m"],
        )

    def place(self, point: NDArray[np.float64]) -> tuple[int, float]:
        """Nearest waypoint and metres to the left of it."""
        nearest = int(np.argmin(((self.centre - point) ** 2).sum(axis=1)))
        off = point - self.centre[nearest]
        tangent = self.tangent[nearest]
        return nearest, float(tangent[0] * off[1] - tangent[1] * off[0])

    def at(self, waypoint: int, aside: float) -> NDArray[np.float64]:
        """A point `aside` metres to the left of the middle."""
        k = waypoint % len(self.centre)
        tangent = self.tangent[k]
        return self.centre[k] + aside * np.array([-tangent[1], tangent[0]])


def expected(motion: list[float], ahead_s: float) -> tuple[NDArray[np.float64], float, float]:
    """Position and heading `ahead_s` after `motion`: people do not see the present, but they do expect it."""
    x, y, c, s, speed, _, yaw = motion
    half, whole = 0.5 * yaw * ahead_s, yaw * ahead_s
    way = np.array([c * math.cos(half) - s * math.sin(half), s * math.cos(half) + c * math.sin(half)])
    turned_c = c * math.cos(whole) - s * math.sin(whole)
    turned_s = s * math.cos(whole) + c * math.sin(whole)
    return np.array([x, y]) + ahead_s * speed * way, turned_c, turned_s


def wanted_wheel(road: Road, seen: Json, wheelbase_m: float) -> float:
    """Tangent of the wheel angle that leads past the next box, from what was seen REACTION_S ago."""
    here, c, s = expected(seen["motion"], REACTION_S)
    waypoint, _ = road.place(here)
    ahead = max(0.5, 0.5 * seen["motion"][4])
    aim = waypoint + round(ahead / road.spacing)
    target = road.at(aim, _aside(road, waypoint, seen["boxes"])) - here
    side = c * target[1] - s * target[0]
    return float(wheelbase_m * 2.0 * side / (target @ target))


def _aside(road: Road, waypoint: int, boxes: list[float]) -> float:
    """Metres from the middle at which to drive: past a box that is near, on its wider side."""
    wanted, nearest = 0.0, SIGHT_M
    for x, y in np.array(boxes).reshape(-1, 4)[:, :2]:
        if x < 0:
            continue
        box, aside = road.place(np.array([x, y]))
        gap = ((box - waypoint + 3) % len(road.centre) - 3) * road.spacing
        if gap > nearest:
            continue
        nearest = gap
        room = float(road.half_width[box])
        edge = BOX_HALF_M + CAR_HALF_M
        left, right = (aside + edge + room) / 2, (aside - edge - room) / 2
        wanted = left if room - aside > room + aside else right
    return wanted


def danger(road: Road, seen: Json) -> bool:
    """Whether the car, going on as it was seen, leaves the road or meets a box within ALARM_S."""
    boxes = np.array(seen["boxes"]).reshape(-1, 4)[:, :2]
    for ahead_s in np.arange(REACTION_S, REACTION_S + ALARM_S, 0.1):
        there, _, _ = expected(seen["motion"], float(ahead_s))
        waypoint, aside = road.place(there)
        if abs(aside) > road.half_width[waypoint] - 0.03:
            return True
        if np.hypot(*(boxes - there).T).min() < BOX_HALF_M + CAR_HALF_M:
            return True
    return False


class KeyboardPlayer:
    """Presses and releases keys of a play page that was opened with `?debug`."""

    def __init__(
        self,
        page: Page,
        speed_mps: float = CAREFUL_MPS,
        pause: Callable[[], None] | None = None,
        car: Handling = SPORT,
    ) -> None:
        """Sit down before a page; `pause` passes the time between two looks at the road, some 15 ms."""
        self._car = car
        self._page = page
        self._speed_mps = speed_mps
        self._pause = pause or (lambda: page.wait_for_timeout(15))
        self._down: set[str] = set()
        self._roads: dict[str, Road] = {}

    def state(self) -> Json:
        """What the page lets be seen."""
        seen: Json = self._page.evaluate("window.__manyhands?.state")
        return seen

    def wait(self, condition: Callable[[Json], bool], within_s: float = PATIENCE_S) -> Json:
        """Look until the state is as wanted; the page's content policy leaves no other way to wait for it."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            state = self.state()
            if state and condition(state):
                return state
            self._pause()
        raise AssertionError(f"Not so within {within_s} s: {self.state()}.")

    def _road(self, track: str) -> Road:
        if track not in self._roads:
            answer = self._page.request.get(f"/api/tracks/{track}")
            self._roads[track] = Road.parse(answer.json())
        return self._roads[track]

    def _hold(self, key: str, wanted: bool) -> None:
        if wanted and key not in self._down:
            self._page.keyboard.down(key)
            self._down.add(key)
        elif not wanted and key in self._down:
            self._page.keyboard.up(key)
            self._down.discard(key)

    def release(self) -> None:
        """Take all fingers off."""
        for key in list(self._down):
            self._hold(key, wanted=False)

    def play(self, take: Callable[[Json], bool] | None = None, within_s: float = PATIENCE_S) -> Json:
        """Play the running attempt to its end and return the last state.

        take: whether to hold the wheel, by what was seen; by default while there is danger ahead.
        """
        memory: deque[Json] = deque()
        calm_at = -1
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            state = self.state()
            if state["phase"] in ("slow", "card", "over"):
                self.release()
                return state
            memory.append(state)
            while len(memory) > 1 and memory[1]["ticks"] <= state["ticks"] - REACTION_TICKS:
                memory.popleft()
            seen = memory[0]
            if state["phase"] == "driving":
                if take is None and danger(self._road(seen["track"]), seen):
                    calm_at = state["ticks"] + CALM_TICKS
                if state["ticks"] < calm_at or (take is not None and take(seen)):
                    self._steer(seen, state["command"])
                else:
                    self.release()
            self._pause()
        raise AssertionError(f"The attempt did not end within {within_s} s: {self.state()}.")

    def _steer(self, seen: Json, command: list[float]) -> None:
        """Correct what the own hands command now towards what the road, seen late, asks for."""
        wheel = wanted_wheel(self._road(seen["track"]), seen, self._car.wheelbase_m)
        gap = wheel - math.tan(self._car.max_steer_rad * command[0])
        slowest, fastest = self._car.speeds_mps
        push = 2.0 * (self._speed_mps - slowest) / (fastest - slowest) - 1.0 - command[1]
        self._hold("Space", wanted=True)  # keeps the wheel between two corrections
        # A key that is let go turns the wheel back to the middle, so the outer one stays down in a bend.
        self._hold("ArrowLeft", wheel > 0.03 and gap > -WHEEL_SLACK)
        self._hold("ArrowRight", wheel < -0.03 and gap < WHEEL_SLACK)
        self._hold("ArrowUp", push > PEDAL_SLACK)
        self._hold("ArrowDown", push < -PEDAL_SLACK)
