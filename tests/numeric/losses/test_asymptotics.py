"""Asymptotics against exact losses on infinite spectra."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import zeta as riemann

from sgdmem import InputError, Noise, Problem, Spectrum, losses, stability
from sgdmem.methods import propagators
from sgdmem.numeric.losses.asymptotics import loss_asymptotics
from sgdmem.numeric.losses.loss_series import loss_regime
from sgdmem.numeric.losses.summed_propagators import as_floats, summed_modes
from sgdmem.numeric.spectra.power_law import PowerLaw, riemann_zeta
from sgdmem.numeric.spectra.power_measure import power_measure
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named

ALGORITHMS = [
    named.sgd("0.5"),
    named.heavy_ball("0.3", "0.7"),
    named.nesterov("0.3", "0.7"),
    Algorithm("0.3", "0.4", "-0.2", "0.5", "0.3"),
    pytest.param(named.aggmo("0.2", [0, "0.6", "0.5"]), marks=pytest.mark.slow),
]
EXPONENTS = [(1.5, 0.5), (2, 1.2), (2, 1.8), (1.5, 2.2), (3, 0.3), (2, 1), (2, 2), (2, 1.5),
             (1.5, 1.97), (3, 3.2), (1.2, 0.9)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("exponents", EXPONENTS)
@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda x: x.name or "shifted")
def test_the_series_is_within_its_error(
    algorithm: Algorithm, exponents: tuple[float, float]
) -> None:
    nu, zeta = exponents
    question = algorithm, Problem.power_law(nu, zeta, noise=Noise(tau2=-1)), 30
    found = loss_asymptotics(*question)
    assert found.regime == loss_regime(nu, zeta)
    t = 2 ** np.arange(7, 15)
    exact = losses(*question, int(t[-1]))[t]
    error = np.abs(found.loss(t) - exact)
    assert (error <= found.error(t)).all()
    if zeta != 2:  # there it is log(t) / t
        assert error[-1] / exact[-1] <= 0.4 * error[4] / exact[4]
    assert error[-1] / exact[-1] < 2e-3


@pytest.mark.parametrize(
    ("algorithm", "nu", "scale", "zeta", "batch_size"),
    [
        (named.heavy_ball("0.1", "0.9"), 1.5, 1, 3, math.inf),
        (named.heavy_ball("0.1", "0.9"), 1.5, 1, 3, 1e12),
        (named.heavy_ball("0.1", "0.9"), 1.5, 1, 3, 1e6),
        (named.heavy_ball("0.1", "0.9"), 1.5, 1e-6, 0.5, 100),
        (named.heavy_ball("0.1", "0.9"), 1.5, 1e-3, 3, 100),
        (named.heavy_ball("1e-4", "0"), 1.5, 1, 3, 100),
        (named.heavy_ball("1e-4", "0.9999"), 1.5, 1, 0.5, 100),
        (named.heavy_ball("1", "0.999"), 1.5, 1, 1.2, 1e5),
        (named.sgd("1.99"), 2, 1, 0.5, 1e4),
        (named.heavy_ball("0.1", "0.9"), 5, 1, 2, 100),
        (named.heavy_ball("0.1", "0.9"), 10, 1, 2, 100),
        (named.heavy_ball("0.1", "0.9"), 20, 1, 0.5, 100),
    ],
)
def test_the_error_is_honest(
    algorithm: Algorithm, nu: float, scale: float, zeta: float, batch_size: float
) -> None:
    """Also where nothing has settled, noise is weak, or eigenvalues are far apart."""
    question = algorithm, Problem.power_law(nu, zeta, scale=scale), batch_size
    found = loss_asymptotics(*question)
    t = np.unique(np.geomspace(100, 20_000, 12).astype(int))
    exact = losses(*question, 20_000)[t]
    assert (np.abs(found.loss(t) - exact) <= found.error(t)).all()


def test_without_noise_the_signal_decides() -> None:
    question = named.sgd("0.5"), Problem.power_law(1.5, 3)
    found = loss_asymptotics(*question)
    assert (found.regime, found.exponent) == ("signal-dominated", 3)
    assert found.loss(10**4) == pytest.approx(losses(*question, math.inf, 10**4)[-1], rel=1e-2)


@pytest.mark.slow
def test_beside_zeta_one() -> None:
    def loss(zeta: float) -> float:
        found = loss_asymptotics(named.sgd("0.5"), Problem.power_law(2, zeta), 100)
        return float(found.loss(1e8))

    shifts = [loss(1 + 5e-6 * k) / loss(1) - 1 for k in (-1, 1, 4)]
    np.testing.assert_allclose(shifts, [9.2e-5, -9.2e-5, -3.7e-4], rtol=0.05)


@pytest.mark.parametrize(
    ("nu", "zeta"), [("3", "5/3"), ("1.5", "4/3"), ("1.2", "7/6"), (7, 13 / 7)]
)
def test_the_border_is_met_by_numbers_that_are_no_floats(
    nu: float | str, zeta: float | str
) -> None:
    found = loss_asymptotics(named.heavy_ball("0.1", "0.9"), Problem.power_law(nu, zeta), 100)
    assert found.regime == loss_regime(nu, zeta) == "border"
    assert found.leading(1e18) == pytest.approx(found.loss(1e18), rel=1e-3)
    # where the numbers are exact, what is a hair beside is beside
    assert loss_regime(Fraction(3), Fraction(5, 3) + Fraction(1, 10**30)) == "noise-dominated"


def test_steep_laws_and_targets() -> None:
    for nu, zeta in ((10, 0.5), (20, 0.1), (1.5, 20), (1.5, 50)):
        question = named.sgd("0.5"), Problem.power_law(nu, zeta), 100
        assert np.isfinite(loss_asymptotics(*question).constant)
        assert np.isfinite(losses(*question, 50)).all()


@pytest.mark.parametrize(
    ("nu", "zeta", "message"),
    [
        (21, 0.5, "spectrum must have an exponent up to 20 for asymptotics, got 21"),
        (500, 2, "spectrum must have an exponent up to 20 for asymptotics, got 500"),
        (2, 51, "target must have an exponent up to 50 for asymptotics, got 51"),
        (2, 1000, "target must have an exponent up to 50 for asymptotics, got 1000"),
    ],
)
def test_exponents_too_large_for_powers_of_t(nu: float, zeta: float, message: str) -> None:
    question = named.sgd("0.5"), Problem.power_law(nu, zeta), 100
    with pytest.raises(InputError, match=message):
        loss_asymptotics(*question)
    assert np.isfinite(losses(*question, 50)).all()


def test_constants_beyond_floats() -> None:
    with pytest.raises(InputError, match="within the range of positive floats"):
        loss_asymptotics(named.sgd("1e-8"), Problem.power_law(2, 50))
    with pytest.raises(InputError, match="that is no 0 in floats"):
        loss_asymptotics(named.sgd("1e-330"), Problem.power_law(2, 0.5, scale=1e90))


def test_steps_so_small_that_256_bits_cancel() -> None:
    """Only their product with the eigenvalues matters: the sums scale like 1 / alpha."""
    law = Problem.power_law(2, 0.5)
    sums = [loss_asymptotics(named.sgd(a), law, 100).signal_sum for a in ("1e-3", "1e-60")]
    assert sums[1] * 1e-57 == pytest.approx(sums[0], rel=2e-3)


@pytest.mark.parametrize("exponents", [(5, 0.5), (10, 0.5), (10, 0.9), (20, 0.2), (20, 0.5)])
def test_regularised_sums_of_steep_laws(exponents: tuple[float, float]) -> None:
    """For SGD lambda times a mode's sum is 1 / (alpha (2 - alpha lambda))."""
    nu, zeta = exponents
    found = loss_asymptotics(named.sgd("0.3"), Problem.power_law(nu, zeta), 100)
    k, s = np.arange(1.0, 1e5), nu * zeta + 1 - nu
    rest = k**-s * k**-nu / (2 * (2 - 0.3 * k**-nu))
    expected = nu * zeta * (riemann_zeta(s) / 0.6 + math.fsum(rest))
    assert found.signal_sum == pytest.approx(expected, rel=1e-12)


def test_no_mass_of_a_steep_law_is_lost() -> None:
    edges = np.append(3.0 ** -np.arange(20), 0.0)
    _, masses = power_measure(PowerLaw(10.0, 1.0, None), 6.0, 1.0, edges)
    assert masses.sum() == pytest.approx(riemann_zeta(6.0), rel=1e-14)


def test_it_says_what_it_is() -> None:
    found = loss_asymptotics(named.sgd("0.5"), Problem.power_law(2, 0.5), 100)
    assert str(found).startswith("signal-dominated: the loss tends to 0.4")


def test_a_billion_steps() -> None:
    found = loss_asymptotics(named.heavy_ball("0.3", "0.7"), Problem.power_law(2, 0.5), 30)
    assert found.error(10**9) < 1e-7 * found.loss(10**9)
    assert found.loss(10**9) == pytest.approx(float(found.leading(10**9)), rel=1e-3)


def test_sums_of_propagators() -> None:
    """Regularised or not, they are what the propagators add up to."""
    algorithm = ALGORITHMS[3]
    assert isinstance(algorithm, Algorithm)
    problem = Problem.power_law(2, 2.5, noise=Noise(tau2=-1))
    found = loss_asymptotics(algorithm, problem, 10)
    steps = propagators(algorithm, problem, 10, 20_000)
    tail = found.noise_constant * riemann(1.5, 20_001)
    assert found.signal_sum == pytest.approx(steps.V_prime.sum(), rel=1e-6)
    assert found.output_signal_sum == pytest.approx(steps.V.sum(), rel=1e-6)
    assert found.noise_sum == pytest.approx(steps.U_prime.sum() + tail, rel=1e-6)
    assert found.output_noise_sum == pytest.approx(steps.U.sum() + tail, rel=1e-6)


def test_sums_of_single_modes() -> None:
    algorithm, lam = named.nesterov("0.3", "0.7"), np.array([1.0, 0.01])
    verdict = stability(algorithm, Problem(Spectrum(lam), Noise(tau2=-1)), 8)
    modes = summed_modes(algorithm, lam, Fraction(-1, 8))
    noise = as_floats([mode.noise_at_y for mode in modes]) * lam**2 / 8
    assert noise.sum() == pytest.approx(verdict.noise_sum, rel=1e-12)
    assert verdict.output_noise_sum is not None
    noise = as_floats([mode.noise_at_w for mode in modes]) * lam**2 / 8
    assert noise.sum() == pytest.approx(verdict.output_noise_sum, rel=1e-12)


@pytest.mark.parametrize("nu", [0.8, 1.5, 3])
@pytest.mark.parametrize("power", [1.05, 2.0, 4.5])
def test_power_measures(nu: float, power: float) -> None:
    count = 200_000
    edges = np.append(0.7 * 3.0 ** -np.arange(20), 0.0)
    nodes, masses = power_measure(PowerLaw(nu, 0.7, count), power, 2.0, edges)
    assert (masses > 0).all() and nodes.size < 500
    k = np.arange(1.0, count + 1)
    lam, weights = 0.7 * k**-nu, 2.0 * k**-power
    for t in (0, 1, 100, 10**4):
        terms = weights * np.exp(-lam * t)
        expected = math.fsum(terms)
        if expected > 1e-200:
            assert masses @ np.exp(-nodes * t) == pytest.approx(expected, rel=1e-13)


def test_regimes() -> None:
    assert loss_regime(0.5, 1) == "immediate divergence"
    assert loss_regime(1, 1) == "eventual divergence"
    assert loss_regime(2, 1.5) == "border"
    assert loss_regime("3/2", "4/3") == loss_regime("6/5", "7/6") == "border"
    with pytest.raises(InputError, match="nu must be positive"):
        loss_regime(0, 1)


def test_bad_input() -> None:
    found = loss_asymptotics(named.sgd("0.5"), Problem.power_law(2, 1), 100)
    for t in (0, -1, "a", [1, 0]):
        with pytest.raises(InputError, match="t must be positive"):
            found.loss(t)
    law = Problem.power_law(1.5, 1)
    with pytest.raises(InputError, match="need an infinite power law"):
        loss_asymptotics(named.sgd(1), Problem(Spectrum([1, 2]), target=[1, 1]))
    with pytest.raises(InputError, match="problem must have a target"):
        loss_asymptotics(named.sgd(1), Spectrum.power_law(1.5))
    with pytest.raises(InputError, match="does not certainly tend to zero"):
        loss_asymptotics(named.sgd(1), law, 1)
    with pytest.raises(InputError, match="does not certainly tend to zero"):
        loss_asymptotics(named.sgd(1), Problem.power_law(0.8, 1), 100)
    with pytest.raises(InputError, match="belong to a stationary algorithm"):
        loss_asymptotics([named.sgd(1)], law, 100)  # type: ignore[arg-type]
