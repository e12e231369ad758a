"""Which modules are loaded for a source before the lock."""

from __future__ import annotations

import importlib
import sys

import pytest

from manyhands.garage.rewards.jail import libraries

IMPORTS = [
    ("import scipy.stats", "scipy.stats"),
    ("import scipy\nscipy.stats.norm", "scipy.stats"),
    ("from scipy.spatial.transform import Rotation as R", "scipy.spatial.transform"),
    ("from scipy import (interpolate,\n   optimize)", "scipy.optimize"),
    ("from shapely import wkb", "shapely.wkb"),
    ("import numpy as np", "numpy.polynomial"),
    ("from scipy.interpolate import splev", "numpy.random"),
    ("from concurrent.futures import ThreadPoolExecutor", "concurrent.futures.thread"),
    ("import xml.etree.ElementTree as E", "xml.etree.ElementTree"),
    ("import json.decoder", "json.decoder"),
    ("nothing", "math"),
]


@pytest.mark.parametrize(("source", "module"), IMPORTS)
def test_a_module_that_is_named_is_loaded(source: str, module: str) -> None:
    assert module in libraries.wanted(source)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import jax.numpy", "jax.numpy"),
        ("from manyhands import settings", "manyhands.settings"),
        ("# this is a test", "this"),
        ("import unittest.__main__", "unittest.__main__"),
        ("import numpy.tests", "numpy.tests"),
        ("math only", "numpy"),
    ],
)
def test_others_are_not(source: str, module: str) -> None:
    assert module not in libraries.wanted(source)


def test_a_long_source_of_names_is_bounded() -> None:
    source = " ".join(f"numpy.a{number}" for number in range(5_000))
    assert len(libraries.wanted(source)) <= 2_000


def test_what_is_always_loaded_exists() -> None:
    for name in libraries.ALWAYS:
        importlib.import_module(name)
        assert name in sys.modules
