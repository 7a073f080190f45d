"""What tests of thousands of draws share: how many are drawn in which tier, and their figures."""

from __future__ import annotations

from typing import Any

import pytest


def counts(slow: int, exhaustive: int) -> list[Any]:
    """Return numbers of draws as parameters of a test: some in the slow tier, or very many."""
    return [
        pytest.param(slow, marks=pytest.mark.slow),
        pytest.param(exhaustive, marks=pytest.mark.exhaustive),
    ]


def report(text: str) -> None:
    """Print a figure for the docs, which pytest -rP shows."""
    print(text)  # noqa: T201
