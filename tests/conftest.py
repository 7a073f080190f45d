"""Set-up shared by all tests: the three tiers, reproducible randomness, versions in the header."""

from __future__ import annotations

import os

# Small matrices lose by threads, and the workers of pytest-xdist would fight over the cores.
# It must be set before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import zlib
from importlib.metadata import version

import hypothesis
import numpy as np
import pytest

# A compiled kernel's first call takes seconds, so no example has a deadline.
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_configure(config: pytest.Config) -> None:
    quick, exhaustive = "not slow" in config.getoption("-m"), config.getoption("--exhaustive")
    examples = 200 if exhaustive else 12 if quick else 20  # of each property
    hypothesis.settings.register_profile("tier", hypothesis.settings(), max_examples=examples)
    hypothesis.settings.load_profile("tier")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="also run the exhaustive tests")


@pytest.hookimpl(tryfirst=True)  # before marks are selected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--exhaustive"):
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
        return
    for item in items:  # properties are exhaustive with more examples
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("exhaustive")


def pytest_report_header() -> str:
    packages = ["sympy", "numpy", "scipy", "mpmath", "python-flint", "numba"]
    return ", ".join(f"{package} {version(package)}" for package in packages)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator seeded by the test's name: independent tests, the same in every run."""
    name = f"tests/{request.path.name}::{request.node.name}"  # whichever folder the file is in
    return np.random.default_rng(zlib.crc32(name.encode()))
