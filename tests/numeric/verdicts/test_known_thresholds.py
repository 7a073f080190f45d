"""Stability edges that papers give in closed form, found by the library from the description."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, nesterov, sgdm
from tests.asking import judged, noisy

MOMENTA = st.floats(0.0, 0.99)
RATES = st.floats(1e-3, 10.0)


@pytest.mark.parametrize(
    ("kappa", "edge", "tolerance"),
    [(0, 38, 1e-12), ("0.01", 31.9328, 1e-6), ("0.1", 13.1034, 4e-6), (1, 1.9, 1e-12),
     (10, 0.198953, 3e-6)],
)  # fmt: skip
def test_edge_of_stochastic_stability_in_one_dimension(
    kappa: object, edge: float, tolerance: float
) -> None:
    # arXiv 2604.14108: learning rate 0.1, momentum 0.9, batch size 1, curvature variance kappa a^2.
    verdict = stability(heavy_ball("0.1", "0.9"), noisy(Spectrum([1]), tau1=kappa), 1)
    assert verdict.critical_scale == pytest.approx(edge, rel=tolerance)
    for factor, stable in ((1 - 1e-9, True), (1 + 1e-9, False)):
        curvature = verdict.critical_scale * factor
        moved = stability(heavy_ball("0.1", "0.9"), noisy(Spectrum([curvature]), tau1=kappa), 1)
        assert moved.stable is stable


@pytest.mark.slow
@given(curvature=RATES, variance=RATES, momentum=MOMENTA, batch_size=st.floats(0.5, 1e4))
def test_one_dimension_in_closed_form(
    curvature: float, variance: float, momentum: float, batch_size: float
) -> None:
    inverse = curvature / (2 * (1 + momentum)) + variance / batch_size / (
        2 * curvature * (1 - momentum)
    )
    found = largest_learning_rate(
        heavy_ball,
        noisy(Spectrum([curvature]), tau1=variance / curvature**2),
        batch_size,
        momentum=momentum,
    )
    assert found == pytest.approx(1 / inverse, rel=1e-9)


@pytest.mark.parametrize(
    ("batch_size", "ratio"), [(1, 1.015), (10**3, 5.40), (10**4, 14.3), (10**5, 18.37)]
)
def test_isotropic_gaussian_and_batch_sharpness(batch_size: int, ratio: float) -> None:
    d, momentum, rate = 200, 0.9, 0.1
    spectrum = Spectrum([1], weights=[d])
    plateau = 2 * (1 - momentum) / rate
    verdict = stability(heavy_ball(rate, momentum), noisy(spectrum, 1, -1), batch_size)
    edge = verdict.critical_scale
    closed = plateau / ((d + 1) / batch_size + (1 - momentum) / (1 + momentum))
    assert edge == pytest.approx(closed, rel=1e-10)
    sharpness = edge * (1 + 3 * (d + 1) / batch_size + (d**2 + 3 * d + 4) / batch_size**2)
    sharpness /= 1 + (d + 1) / batch_size
    assert sharpness / plateau == pytest.approx(ratio, rel=4e-3)


def test_isotropic_gaussian_crossover() -> None:
    # At B* = (d + 1)(1 + beta)/(1 - beta) noise and curvature take equal shares of the edge.
    d, beta = 50, Fraction(9, 10)
    crossover = (d + 1) * (1 + beta) / (1 - beta)
    spectrum = Spectrum([1], weights=[d])
    at_crossover = largest_learning_rate(
        heavy_ball, noisy(spectrum, 1, -1), crossover, momentum=beta
    )
    full = largest_learning_rate(heavy_ball, spectrum, momentum=beta)
    assert at_crossover == pytest.approx(full / 2, rel=1e-10)


@given(rate=RATES, momentum=MOMENTA)
def test_full_batch_edges(rate: float, momentum: float) -> None:
    spectrum = Spectrum([1])
    polyak = stability(heavy_ball(rate, momentum), spectrum)
    assert polyak.critical_eigenvalue == pytest.approx(2 * (1 + momentum) / rate, rel=1e-12)
    shifted = stability(nesterov(rate, momentum), spectrum).critical_eigenvalue
    assert shifted == pytest.approx(2 * (1 + momentum) / (rate * (1 + 2 * momentum)), rel=1e-12)


@pytest.mark.parametrize(("tau1", "batch_size"), [(1, "inf"), (0, 1)])
def test_where_no_noise_spreads_its_sum_is_exactly_zero(tau1: int, batch_size: object) -> None:
    verdict = judged(heavy_ball("0.1", "0.9"), Spectrum([1]), batch_size, tau1=tau1, tau2=-1)
    assert verdict.noise_sum_interval == (0.0, 0.0)
    assert "e-" not in verdict.explanation


@given(
    rate=st.floats(1e-3, 0.4),
    momentum=MOMENTA,
    batch_size=st.floats(1, 100),
    tau2=st.sampled_from([-1.0, 0.0, 0.5, 1.0]),
)
def test_heavy_ball_noise_sum(rate: float, momentum: float, batch_size: float, tau2: float) -> None:
    eigenvalues = [1.0, 0.5, 0.01]
    verdict = stability(
        heavy_ball(rate, momentum), noisy(Spectrum(eigenvalues), tau2=tau2), batch_size
    )
    effective = rate / (1 - momentum)
    edge = (1 - momentum) / (1 + momentum) - tau2 / batch_size
    closed = sum(v / (2 / effective - v * edge) for v in eigenvalues) / batch_size
    if all(2 / effective > v * edge for v in eigenvalues):
        assert verdict.noise_sum == pytest.approx(closed, rel=1e-9)
        assert verdict.stable is (closed < 1)


@pytest.mark.slow
@given(
    p=st.floats(1e-3, 1.0), momentum=MOMENTA, batch_size=st.integers(1, 1000), d=st.integers(1, 500)
)
def test_sparse_inputs(p: float, momentum: float, batch_size: int, d: int) -> None:
    # arXiv 2605.28961: H = p I, tau1 = 1/p, tau2 = 1 - 2/p.
    found = largest_learning_rate(
        sgdm, noisy(Spectrum([p], weights=[d]), 1 / p, 1 - 2 / p), batch_size, momentum=momentum
    )
    inverse = ((d + 2 - p) / batch_size + p * (1 - momentum) / (1 + momentum)) / 2
    assert found == pytest.approx(1 / inverse, rel=1e-8)
