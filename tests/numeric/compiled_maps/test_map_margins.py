"""The margin of a map is the margin of the verdict at the same point."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, heavy_ball, phase_diagram, stability
from tests import draws

SPECTRUM = Spectrum([1, "0.7", 0.3, 0.01], weights=[1, 2, 1, 3])
COUPLING = [[2, 1, 1, 0], [1, 2, 1, 0], [1, 1, 3, 1], [0, 0, 1, 1]]
NOISES = {
    "tau2 = 0": Noise(),
    "tau2 < 0": Noise(tau2=-2),
    "tau2 > 0": Noise(tau2="0.5"),
    "tau2 > tau1": Noise(tau1="0.2", tau2=1),
    "tau1 = 0": Noise(tau1=0, tau2=-3),
    "by mode": Noise(tau2=[-1, 0.5, 1, -3]),
    "coupled": Noise.coupled(COUPLING, tau2=-1),
}
SAMPLED = 25  # points of a map


@pytest.mark.parametrize("power", [-308, -160, 160, 308])
def test_far_from_one(power: int) -> None:
    scale = Fraction(10) ** power
    rates, momenta = [Fraction(1, 10) / scale, Fraction(9, 10) / scale], [Fraction(1, 2), 0]
    for spectrum in (Spectrum([scale, scale]), Spectrum.power_law(1.5, scale)):
        problem = Problem(spectrum)
        found = phase_diagram(
            heavy_ball, problem, 2, x=("learning_rate", rates), y=("momentum", momenta)
        )
        for row, column in np.ndindex(2, 2):
            verdict = stability(heavy_ball(rates[column], momenta[row]), problem, 2)
            here = found.isel(learning_rate=column, momentum=row)
            assert here.stable == verdict.stable
            assert float(here.noise_sum) == pytest.approx(verdict.noise_sum, rel=1e-9)
            assert float(here.margin) == pytest.approx(verdict.margin, rel=1e-9)


COMPILED = ("tau2 = 0", "tau2 < 0", "tau2 > 0", "tau1 = 0")  # machine code knows these


@pytest.mark.parametrize(
    ("noise", "compiled"),
    [(noise, False) for noise in NOISES]
    + [pytest.param(noise, True, marks=pytest.mark.slow) for noise in COMPILED],
)
@pytest.mark.parametrize("memory", range(4))
def test_margins(memory: int, compiled: bool, noise: str, rng: np.random.Generator) -> None:
    recurrence = draws.random_recurrences(rng, memory)

    def family(rate: Any, mix: Any) -> Algorithm:
        return Algorithm.from_recurrence(*recurrence(rate, mix))

    columns, rows = (40, 26) if compiled else (12, 3)
    rates = [Fraction(2 ** (10 * k / columns)) / 64 for k in range(columns)]
    mixes = [Fraction(k, rows) for k in range(rows)]
    problem = Problem(SPECTRUM, NOISES[noise])
    found = phase_diagram(family, problem, 20, x=("rate", rates), y=("mix", mixes))
    assert np.isfinite(found.margin).any() and not np.isfinite(found.margin).all()
    places = np.argwhere(np.isfinite(found.margin.values))
    for row, column in [*rng.permutation(places)[:SAMPLED].tolist(), [0, columns - 1]]:
        verdict = stability(family(rates[column], mixes[row]), problem, 20)
        here = found.isel(rate=column, mix=row)
        assert float(here.margin) == pytest.approx(verdict.margin, rel=1e-11, abs=1e-11)
        if here.stable == 1:
            assert here.margin > 0
        if -np.inf < here.margin < -1e-9:
            assert here.stable == 0
