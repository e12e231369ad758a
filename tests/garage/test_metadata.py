"""DeepRacer's `model_metadata.json`, in the forms that its versions and its users have given it."""

from __future__ import annotations

from typing import Any

import pytest

from manyhands.errors import InputError
from manyhands.garage.metadata import terms_of

LIST = [{"steering_angle": "-20", "speed": "1.2", "index": 0}, {"steering_angle": 20, "speed": 1, "index": 1}]
RANGES = {"steering_angle": {"high": 30.0, "low": -30.0}, "speed": {"high": 4, "low": 0.5}}


@pytest.mark.parametrize(
    ("plain", "terms"),
    [
        (LIST, {}),
        ({"action_space": LIST}, {}),
        ({"action_space": LIST, "sensor": [], "version": 2}, {}),
        (
            {
                "action_space": LIST,
                "sensor": ["FRONT_FACING_CAMERA"],
                "neural_network": "DEEP_CONVOLUTIONAL_NETWORK",
                "version": "3",
            },
            {"sensor": "camera-160x120", "network": "deep"},
        ),
        (
            {
                "action_space": LIST,
                "action_space_type": "discrete",
                "sensor": ["LIDAR", "STEREO_CAMERAS"],
                "neural_network": "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW",
                "version": 4.0,
            },
            {"sensor": "stereo-160x120", "network": "shallow"},
        ),
        (
            {
                "action_space": RANGES,
                "action_space_type": "continuous",
                "sensor": ["SECTOR_LIDAR", "LEFT_CAMERA"],
                "neural_network": "DEEP_CONVOLUTIONAL_NETWORK_DEEP",
                "training_algorithm": "sac",
                "version": "5",
                "preprocess_type": "GREY_SCALE",
            },
            {"sensor": "camera-160x120", "network": "deepracer-deep-deep", "algorithm": "sac"},
        ),
        ({"action_space": RANGES, "sensor": "DISCRETIZED_SECTOR_LIDAR"}, {"sensor": "sector-lidar-8x4"}),
        ({"action_space": RANGES, "training_algorithm": "CLIPPED_PPO"}, {"algorithm": "ppo"}),
    ],
)
def test_every_version_is_read(plain: Any, terms: dict[str, str]) -> None:
    space = plain if isinstance(plain, list) else plain["action_space"]
    assert terms_of(plain) == {"action_space": space} | terms


@pytest.mark.parametrize(
    ("change", "field", "known"),
    [
        ({"sensor": ["FRONT_FACING_CAMERA", "SONAR"]}, "sensor", "LEFT_CAMERA"),
        ({"sensor": [3]}, "sensor", "LIDAR"),
        ({"neural_network": "RESNET"}, "neural_network", "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW"),
        ({"training_algorithm": "dqn"}, "training_algorithm", "clipped_ppo"),
        ({"action_space_type": "hybrid"}, "action_space_type", "continuous"),
        ({"action_space_type": "continuous"}, "action_space_type", "ranges for continuous"),
    ],
)
def test_an_unknown_value_is_refused_with_its_field(change: dict[str, Any], field: str, known: str) -> None:
    with pytest.raises(InputError) as caught:
        terms_of({"action_space": LIST} | change)
    assert caught.value.field == field
    assert known in caught.value.remedy


@pytest.mark.parametrize("plain", [{}, "text", None, {"batch_size": 64}])
def test_another_file_is_refused(plain: Any) -> None:
    with pytest.raises(InputError, match="no action_space"):
        terms_of(plain)
