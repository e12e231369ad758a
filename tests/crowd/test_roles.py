from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyhands.crowd import roles
from manyhands.crowd.players import KINDS
from manyhands.errors import InputError


def test_every_role_does_at_the_wheel_what_the_simulation_knows():
    for role in roles.ROLES.values():
        assert {role.plays, role.partner or role.plays, role.later or role.plays} <= KINDS.keys()
    assert KINDS.keys() <= roles.ROLES.keys()


def test_the_default_mix_is_the_one_that_the_figures_are_measured_with():
    assert roles.parse_mix(roles.DEFAULT_MIX) == pytest.approx(
        {"skilled": 0.35, "casual": 0.25, "careless": 0.1, "troll": 0.1, "random": 0.1, "idle": 0.1}
    )


def test_shares_are_scaled_to_one():
    assert roles.parse_mix(" skilled=3, troll = 1") == {"skilled": 0.75, "troll": 0.25}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "''"),
        ("skilled", "skilled"),
        ("skilled=", "skilled"),
        ("skilled=much", "'much'"),
        ("skilled=0", "'0'"),
        ("skilled=-1", "'-1'"),
        ("skilled=nan", "'nan'"),
        ("skilled=inf", "'inf'"),
        ("skilled=1,skilled=1", "twice"),
        ("skilled=1,clever=1", "'clever'"),
    ],
)
def test_a_malformed_mix_is_refused_with_its_offending_part(text: str, named: str):
    with pytest.raises(InputError) as caught:
        roles.parse_mix(text)
    assert named in caught.value.message
    assert caught.value.field == "mix"


@given(
    st.dictionaries(st.sampled_from(sorted(roles.ROLES)), st.integers(1, 100), min_size=1),
    st.integers(1, 300),
)
def test_dealt_kinds_are_as_many_as_asked_and_within_one_of_their_share(parts: dict[str, int], count: int):
    mix = {name: part / sum(parts.values()) for name, part in parts.items()}
    dealt = Counter(roles.cast(mix, count, seed=1))
    assert dealt.total() == count
    for name, share in mix.items():
        assert abs(dealt[name] - share * count) <= 1.0 + 1e-9


def test_the_order_depends_on_the_seed_alone():
    mix = roles.parse_mix(roles.DEFAULT_MIX)
    assert roles.cast(mix, 40, seed=5) == roles.cast(mix, 40, seed=5)
    assert roles.cast(mix, 40, seed=5) != roles.cast(mix, 40, seed=6)


def test_colluders_share_the_work():
    role = roles.ROLES["colluders"]
    assert [role.at_wheel(number, 0) for number in range(4)] == ["danger", "skilled", "danger", "skilled"]


def test_a_sleeper_turns_after_its_eighth_contribution():
    role = roles.ROLES["sleeper"]
    assert [role.at_wheel(0, done) for done in (0, 7, 8, 9)] == ["skilled", "skilled", "troll", "troll"]


def test_sybils_leave_an_account_before_it_has_a_record():
    assert [name for name, role in roles.ROLES.items() if role.per_account] == ["sybils"]
    assert roles.ROLES["sybils"].per_account == 2
