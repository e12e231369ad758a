"""A hand that the page has driven is driven the same here: laps, stops and the way, by the shared vectors."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manyhands.envs.racer import tracks
from manyhands.garage import evaluation, race_rules

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "racer-hand.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['track']}-{len(case['stops'])}")
def test_a_hand_goes_as_in_the_page(case: dict[str, Any]) -> None:
    actions = np.frombuffer(base64.b64decode(case["actions"]), np.int8).reshape(-1, 2)
    road, rules = tracks.track(case["track"]), race_rules.parse(case["rules"])
    drive = evaluation.replay(actions, road, rules, turned=case["turned"])
    progress = case["race"]["progress"]
    assert asdict(drive.race) == case["race"] | {"progress": pytest.approx(progress, abs=1e-3)}
    assert [asdict(stop) for stop in drive.stops] == case["stops"]
    assert len(drive.poses) == len(actions)
    for expected in case["poses"]:
        np.testing.assert_allclose(drive.poses[expected["tick"] - 1], expected["pose"], atol=1e-3)
