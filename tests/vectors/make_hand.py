"""Writes the shared vectors of races that are driven by hand: the same actions, the same laps and stops.

    python tests/vectors/make_hand.py

A hand follows the centre line or a line beside it, and leaves the road where a case says so. It is driven one
rounding at a time, as in `make_racer.py`, in a few minutes.
"""

import json
from dataclasses import asdict, dataclass, replace

import jax
import numpy as np
from make_racer import FOLDER, Json, numbers, pursuit, text

from manyhands.envs.racer import time_trial, tracks
from manyhands.envs.racer.race_types import Place, RaceType
from manyhands.envs.racer.time_trial import Status
from manyhands.garage import evaluation
from manyhands.garage.driving import AT
from manyhands.garage.evaluation import Steered
from manyhands.garage.race_rules import RaceRules

EVERY = 10


@dataclass(frozen=True)
class Hand:
    """How a drive is made up: from tick `astray` on the wheel is held for `held` ticks.

    aside: share of the half width, to the left, at which it drives once it has crashed.
    """

    track: str
    rules: RaceRules
    turned: bool = False
    astray: int = 10_000
    held: int = 20
    aside: float = 0.0
    ticks: int = 10_000

    @property
    def road(self) -> tracks.Track:
        road = tracks.track(self.track)
        return tracks.turned(road) if self.turned else road


class Maker(Steered):
    """A car whose next action follows from where it is; what was done is in `made`."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(np.zeros((0, 2), np.int8), hand.road, hand.rules)
        self._hand, self.made, self._line = hand, list[tuple[int, int]](), hand.road
        trial = time_trial.make(
            self._bank, self._form.shape, self._form.max_ticks, hand.rules.laps, hand.rules.race
        )
        self._tick, self._car = trial.tick, trial.racer.car

    def go(self) -> np.ndarray:
        if len(self.made) == self._hand.ticks:
            return np.zeros((0, len(AT)), np.float32)
        episode = jax.tree.map(lambda part: part[0], self._episode)
        wheel, pedal = pursuit(self._line, self._car, episode.state)
        now = len(self.made)
        if self._hand.astray <= now < self._hand.astray + self._hand.held:
            wheel = 1.0
        action = np.clip(np.floor(127.0 * np.array([wheel, pedal]) + 0.5), -127, 127)
        self.made.append((int(action[0]), int(action[1])))
        episode = self._tick(episode, (action * (1.0 / 127.0)).astype(np.float32))
        self._episode = jax.tree.map(lambda part: np.asarray(part)[None], episode)
        self.objects = self._episode.objects
        if episode.status == Status.CRASHED:
            self._line = _beside(self._hand.road, self._hand.aside)
        row = np.zeros(len(AT) + (episode.state.boxes.size if self._form.race.moving else 0), np.float32)
        motion = episode.state.motion
        row[: len(AT)] = [
            motion.x,
            motion.y,
            motion.c,
            motion.s,
            episode.metres,
            0,
            episode.status,
            0,
            0,
            0,
            0,
            1,
        ]
        return row[None]


def _beside(road: tracks.Track, aside: float) -> tracks.Track:
    """The road with its middle moved to the left by a share of its half width, for `pursuit` alone."""
    left = np.column_stack([-road.tangent[:, 1], road.tangent[:, 0]])
    return replace(road, centre=(road.centre + aside * road.half_width[:, None] * left).astype(np.float32))


def case_of(hand: Hand) -> Json:
    """A hand with what its replay must come to."""
    maker = Maker(hand)
    drive = evaluation._drive(maker, hand.road, hand.rules)
    actions = np.array(maker.made, np.int8)
    at = sorted({*range(0, len(drive.poses), EVERY), len(drive.poses) - 1})
    case: Json = {"track": hand.track, "turned": hand.turned, "rules": hand.rules.plain}
    case |= {"actions": text(actions.tobytes()), "race": asdict(drive.race)}
    case |= {"stops": [asdict(stop) for stop in drive.stops]}
    return case | {"poses": [{"tick": tick + 1, "pose": numbers(drive.poses[tick])} for tick in at]}


TERMS = RaceRules(laps=2, consecutive=2, limit_s=90)
LAP = replace(TERMS, laps=1, consecutive=1)
BOX = RaceType("object_avoidance", 1, (Place(30.0, "outside"),))
BOTS = RaceType("head_to_bot", 2, speed_mps=0.6, changes=True, change_s=(1.0, 2.0))
HANDS = (
    # Off the road, into a box, past it, and two laps.
    Hand("gen-0", replace(TERMS, race=BOX), astray=20, aside=-0.5),
    Hand("crossroads", replace(TERMS, race=BOTS, seed=5, limit_s=20), turned=True, astray=200),
    # Given up at the second time off the road; penalties that are no whole ticks.
    Hand("gen-7", replace(LAP, off_track_ms=250, most_resets=1), astray=30, held=400),
    # Lets go after some seconds.
    Hand("gen-7", LAP, ticks=75),
)


def main() -> None:
    with jax.disable_jit():
        cases = {"cases": [case_of(hand) for hand in HANDS]}
    (FOLDER / "racer-hand.json").write_text(json.dumps(cases, separators=(",", ":"), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
