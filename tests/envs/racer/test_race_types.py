"""What else is on the road: how many, where, and which terms are refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.envs.hashing import mixed, mixed_words
from manyhands.envs.racer import race_types
from manyhands.envs.racer.race_types import APART_PERCENT, FIRST_PERCENT, LANES, LAST_PERCENT, RaceType
from manyhands.errors import InputError


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_drawn_places_keep_their_distance(objects: int, word: int) -> None:
    places = RaceType("object_avoidance", objects).drawn(word)
    percents = [place.percent for place in places]
    assert len(places) == objects
    assert all(place.lane in LANES for place in places)
    assert percents[0] >= FIRST_PERCENT
    assert percents[-1] <= LAST_PERCENT
    assert all(after - before >= APART_PERCENT - 1e-9 for before, after in pairwise(percents))
    assert places == RaceType("object_avoidance", objects).drawn(word)


def test_places_are_drawn_all_over_the_lap_and_on_both_lanes() -> None:
    drawn = [RaceType("object_avoidance", 1).drawn(word)[0] for word in race_types.words(0, range(400))]
    percents = sorted(place.percent for place in drawn)
    # The middle half of evenly spread numbers, give or take five standard errors.
    assert abs(percents[100] - 27.75) < 9.0
    assert abs(percents[300] - 69.25) < 9.0
    assert 150 < sum(place.lane == "inside" for place in drawn) < 250


def test_fixed_places_are_those_of_every_episode() -> None:
    plain = {"type": "object_avoidance", "objects": 2, "places": PLACES}
    race = race_types.parse(plain)
    assert race.drawn(1) == race.drawn(2) == list(race.places)
    assert race_types.parse(race.plain) == race


PLACES = [{"percent": 20, "lane": "inside"}, {"percent": 33.0, "lane": "outside"}]
BOTS = {"type": "head_to_bot", "objects": 2}
REFUSED = [
    ({"type": "drag"}, "race.type"),
    ({"type": "time_trial", "objects": 1}, "race.objects"),
    ({"type": "head_to_head", "objects": 1}, "race.objects"),
    ({"type": "object_avoidance", "objects": 0}, "race.objects"),
    ({"type": "object_avoidance", "objects": 7}, "race.objects"),
    (BOTS | {"speed_mps": 0.1}, "race.speed_mps"),
    (BOTS | {"change_s": [1.0, 6.0]}, "race.change_s"),
    (BOTS | {"change_s": [3.0, 2.0]}, "race.change_s"),
    (BOTS | {"places": PLACES[:1]}, "race.places"),
    (BOTS | {"places": [PLACES[0], {"percent": 32.9, "lane": "inside"}]}, "race.places"),
    (BOTS | {"places": [{"percent": 6.9, "lane": "inside"}, PLACES[1]]}, "race.places"),
    (BOTS | {"places": [PLACES[0], {"percent": 50.0, "lane": "middle"}]}, "race.places"),
    (BOTS | {"places": [1, 2]}, "race.places"),
    (BOTS | {"cars": 2}, "race"),
    ("head_to_bot", "race"),
]


@pytest.mark.parametrize(("plain", "field"), REFUSED)
def test_terms_that_cannot_be_are_named(plain: Any, field: str) -> None:
    with pytest.raises(InputError) as fault:
        race_types.parse(plain)
    assert fault.value.field == field


def test_a_car_alone_is_not_trained_head_to_head() -> None:
    plain = {"type": "head_to_head"}
    assert race_types.parse(plain).has_final
    with pytest.raises(InputError, match="cannot be trained in") as fault:
        race_types.parse(plain, race_types.TRAINED)
    assert fault.value.field == "race.type"


def test_the_hash_of_arrays_is_that_of_words() -> None:
    words = np.array([0, 1, 2**31, 2**32 - 1, 12345], np.uint32)
    assert mixed_words(words).tolist() == [mixed(int(word)) for word in words]
