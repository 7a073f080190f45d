"""Maps of methods that repeat themselves."""

from __future__ import annotations

from itertools import product
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sgdmem
from sgdmem.errors import InputError
from sgdmem.methods import periodic_stability
from sgdmem.pictures import periodic_phase_diagram

SPECTRUM = sgdmem.Spectrum([1, 0.4])


def waves(low: Any, peak: Any, momentum: Any) -> list[sgdmem.Algorithm]:
    return [sgdmem.heavy_ball(rate, momentum) for rate in (low, peak, peak)]


def test_every_point_is_the_verdict_there() -> None:
    peaks, lows = [0.5, 1.5, 4], ["0.1", 0.7]
    diagram = periodic_phase_diagram(
        waves,
        SPECTRUM,
        x=("peak", peaks),
        y=("low", lows),
        panels=("batch_size", [2, np.inf]),
        momentum="0.5",
        workers=2,
    )
    assert diagram.stable.dims == ("batch_size", "low", "peak")
    for (i, low), (j, peak) in product(enumerate(lows), enumerate(peaks)):
        for k, size in enumerate((2, np.inf)):
            verdict = periodic_stability(waves(low, peak, "0.5"), SPECTRUM, size, workers=2)
            assert diagram.stable.values[k, i, j] == verdict.stable
            assert diagram.noise_sum.values[k, i, j] == pytest.approx(verdict.radius)
    assert set(np.unique(diagram.stable)) == {0, 1}
    assert diagram.attrs["workers"] == "2" and diagram.attrs["momentum"] == "0.5"
    sgdmem.draw(diagram.isel(batch_size=0))
    plt.close("all")


def test_bad_rules() -> None:
    axes: Any = {"x": ("peak", [1]), "y": ("low", [1])}
    with pytest.raises(InputError, match="rule must be a function"):
        periodic_phase_diagram([sgdmem.sgd(1)], SPECTRUM, 4, **axes)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="rule must return a list of algorithms"):
        periodic_phase_diagram(lambda low, peak: sgdmem.sgd(low), SPECTRUM, 4, **axes)  # type: ignore[arg-type,return-value]
