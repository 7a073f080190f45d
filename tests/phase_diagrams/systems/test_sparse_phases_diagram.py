"""Sparse phases: curves are where learning at the largest rate is retention, and have a limit."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.systems import named_diagram


def test_curves_and_their_limit() -> None:
    """With r = 4 B p / d they are at 1 - beta = r, up to terms that vanish as d grows."""
    options: dict[str, Any] = {
        "sigma": "0.25",
        "kappa": (0.1, 0.6),
        "dimensions": [10**6],
        "points": 2,
    }
    found = artists(named_diagram("sparse-phases", **options))
    (curve,) = found["retention-is-learning"]
    expected = [1 - 0.25 + kappa - math.log(4) / math.log(1e6) for kappa in (0.1, 0.6)]
    assert list(curve.get_ydata()) == pytest.approx(expected, abs=2e-3)
    (line,) = found["resonance"]
    assert list(line.get_ydata()) == pytest.approx([0.85, 1.35])
    assert [text.get_text() for text in found["limit-name"]] == ["A", "C", "B", "D"]
