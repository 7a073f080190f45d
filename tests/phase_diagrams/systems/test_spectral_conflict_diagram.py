"""How fast tokens learn: what is drawn is the largest eigenvalue of the map of their moments."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sgdmem
from sgdmem.numeric.theorems.instances import Dynamics, spectral_radius
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.systems import named_diagram


def test_speeds() -> None:
    options: dict[str, Any] = {
        "learning_rate": "0.5",
        "momenta": ["0.9"],
        "dimension": 2,
        "points": 5,
    }
    found = artists(named_diagram("spectral-conflict", **options))
    dynamics = Dynamics.of(sgdmem.methods.sgdm("0.5", "0.9"))
    (line,) = found["speed"]
    for p, speed in zip(line.get_xdata(), line.get_ydata(), strict=True):
        step = dynamics.moment_map(p, 1 / 64) + 2 * p / 64 * dynamics.injection
        assert speed == pytest.approx(-math.log(spectral_radius(step)) / p, rel=1e-5)
    ((begins,),) = (dot.get_xdata() for dot in found["oscillation"])
    assert begins == pytest.approx((1 - math.sqrt(0.9)) / (1 + math.sqrt(0.9)) / 0.5)
