"""Hyperparameters of DeepRacer's files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from manyhands.errors import InputError
from manyhands.garage import hyperparameters
from manyhands.garage.hyperparameters import Hyperparameters


def test_a_file_of_theirs_is_read() -> None:
    theirs = {
        "batch_size": 128,
        "beta_entropy": 0.02,
        "discount_factor": 0.95,
        "e_greedy_value": 0.05,
        "epsilon_steps": 10000,
        "exploration_type": "categorical",
        "loss_type": "Mean squared error",
        "lr": 0.0005,
        "num_episodes_between_training": 40,
        "num_epochs": 5,
        "stack_size": 1,
        "term_cond_avg_score": 100000.0,
        "term_cond_max_episodes": 100000,
    }
    assert hyperparameters.parse(theirs) == Hyperparameters(128, 5, 5e-4, 0.02, 0.95, "mse", 40)


def test_numbers_may_be_text_and_whole_ones_have_a_point() -> None:
    theirs = {"batch_size": "64", "lr": "3e-4", "num_epochs": 5.0, "loss_type": "Huber", "stack_size": "1"}
    found = hyperparameters.parse(theirs)
    assert found == Hyperparameters(batch_size=64, lr=3e-4, num_epochs=5)
    assert isinstance(found.batch_size, int)
    assert isinstance(found.num_epochs, int)
    soft = hyperparameters.parse(theirs | {"sac_alpha": "0.1", "num_episodes_between_training": "1"}, "sac")
    assert (soft.sac_alpha, soft.num_episodes_between_training) == (0.1, 1)


def test_the_plain_form_is_read_back() -> None:
    assert hyperparameters.parse(Hyperparameters(lr=1e-5).plain) == Hyperparameters(lr=1e-5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 100),
        ("num_epochs", 2),
        ("num_epochs", 3.5),
        ("lr", 0.01),
        ("lr", "fast"),
        ("beta_entropy", -0.1),
        ("discount_factor", 1.01),
        ("loss_type", "l1"),
        ("num_episodes_between_training", 4),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(InputError) as fault:
        hyperparameters.parse({name: value})
    assert fault.value.field == name


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(InputError) as fault:
        hyperparameters.parse({"learning_rate": 1e-3})
    assert fault.value.field == "hyperparameters.learning_rate"


def test_an_algorithm_has_its_own_and_its_defaults() -> None:
    sac = hyperparameters.parse({"num_epochs": 5, "beta_entropy": 0.5, "sac_alpha": 0.1}, "sac")
    assert sac == replace(hyperparameters.defaults("sac"), sac_alpha=0.1)
    assert sac.plain.keys() == set(hyperparameters.NAMES["sac"])
    assert (sac.loss_type, sac.num_episodes_between_training) == ("mse", 1)
    assert "num_epochs" not in hyperparameters.defaults("policy-gradient").plain
    with pytest.raises(InputError, match="dqn") as fault:
        hyperparameters.parse({}, "dqn")
    assert (fault.value.field, fault.value.remedy) == ("algorithm", "Use ppo, sac, policy-gradient.")
