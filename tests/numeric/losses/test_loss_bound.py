"""What no linear method is below: against exact losses of any method, and sums term by term."""

import math
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.methods import accelerated, loss_bound
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_bound import least_noise
from sgdmem.numeric.theorems.larger_memory.universal_bound.kernels import kernel_losses
from sgdmem.symbolic.errors import InputError


def listed(law: sgdmem.Problem) -> sgdmem.Problem:
    """Return a problem on a power law with everything of it in lists."""
    h = law.spectrum.eigenvalues
    assert law.target is not None
    return sgdmem.Problem(sgdmem.Spectrum(h), target=law.target.masses(law.spectrum) / h)


@pytest.mark.parametrize("runs", [12, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("tau2", [-1.0, 0.0, 0.5])
def test_no_random_method_is_below(tau2: float, runs: int) -> None:
    rng = np.random.default_rng(int(10 + 2 * tau2))
    least = math.inf
    for _ in range(runs):
        N, t = rng.integers(5, 60), int(rng.integers(1, 12))
        h = np.sort(rng.uniform(0.01, 1, N) ** rng.uniform(0.5, 4))[::-1]
        squares = h ** rng.uniform(-1, 2) * rng.random(N)
        B = float(rng.integers(1, 5))
        K = np.tril(rng.normal(size=(t + 1, t + 1)) * rng.uniform(0.1, 3), -1)
        if rng.random() < 0.5:
            K = np.tril(np.abs(K) ** 0 * rng.uniform(0, 1, t + 1), -1)  # SGD with any rates
        problem = sgdmem.Problem(sgdmem.Spectrum(h), sgdmem.Noise(tau2=tau2), target=squares)
        found = kernel_losses(K, h, squares, tau2, B)[-1]
        bound = loss_bound(problem, B, t)[-1]
        assert found >= bound
        if bound > 0:
            least = min(least, found / bound)
    assert least < 20  # the bound is not empty


def test_the_best_kernels_stay_above() -> None:
    """A descent over kernels comes near, and not below."""
    from scipy.optimize import minimize

    h = np.arange(1, 41) ** -1.5
    squares = np.ones(40)
    problem = sgdmem.Problem(sgdmem.Spectrum(h), target=squares)
    for t in (2, 4):
        places = np.tril_indices(t + 1, -1)

        def last_loss(values: Array, t: int = t, places: Any = places) -> float:
            K = np.zeros((t + 1, t + 1))
            K[places] = values
            return float(kernel_losses(K, h, squares, 0, 1)[-1])

        best = minimize(last_loss, np.full(places[0].size, 0.1), method="Powell").fun
        bound = loss_bound(problem, 1, t)[-1]
        assert bound < best < 8 * bound


@pytest.mark.parametrize("tau2", [-1.0, 0.0, 1.0])
def test_the_bound_is_the_convex_hull_of_its_curve(tau2: float) -> None:
    # by its dual, the largest over slopes of the least S / 2 + slope (d - n)
    h, squares = np.arange(1, 41) ** -1.5, np.linspace(1, 2, 40)
    noise = sgdmem.Noise(tau1=2, tau2=tau2)
    problem = sgdmem.Problem(sgdmem.Spectrum(h), noise, target=squares)
    sigma = np.geomspace(1e-5, 1e6, 20_000)[:, None]
    d = (2 - max(tau2, 0)) * least_noise(sigma * h).sum(axis=1)
    S = (h * squares / (1 + sigma * h) ** 2).sum(axis=1)
    slopes = np.geomspace(1e-5, 10, 1000)[:, None]
    least = np.array([(S / 2 + slope * d).min() for slope in slopes])[:, None]
    hull = (least - slopes * 2 * np.arange(1, 11)).max(axis=0)
    ratio = loss_bound(problem, 2, 10)[1:] / hull
    assert ratio.min() > 0.99
    assert ratio.max() < 1


def test_library_methods_are_above_by_what_is_said() -> None:
    problem = sgdmem.Problem.power_law(2, zeta=0.4)
    bound = loss_bound(problem, 10, 20_000)
    assert (np.diff(bound) <= 0).all()
    for rule in (sgdmem.sgd("0.5"), accelerated(problem, 10)):
        assert (sgdmem.losses(rule, problem, 10, 20_000) > bound).all()
    slope = math.log(bound[2000] / bound[20_000]) / math.log(10)
    assert slope == pytest.approx(0.8, abs=0.01)  # zeta nu


def test_sums_of_a_law_are_those_of_its_list() -> None:
    law = sgdmem.Problem.power_law(1.5, zeta=0.5, count=900)
    assert loss_bound(law, 4, 100) == pytest.approx(loss_bound(listed(law), 4, 100), rel=1e-9)
    longer = sgdmem.Problem.power_law(1.5, zeta=0.5, count=5000)
    binned = loss_bound(listed(longer), 4, 100)
    assert loss_bound(longer, 4, 100) == pytest.approx(binned, rel=0.05)


def test_gaussian_samples_tell_as_much_as_their_number() -> None:
    problem = sgdmem.Problem(
        sgdmem.Spectrum([2, 1], weights=[3, 5]), sgdmem.Noise(tau2=-1), target=[1, 4]
    )
    # masses: 3 of 2, 5 of 4
    tails = [26 - 4 * min(n, 5) - 2 * max(n - 5, 0) for n in range(9)]
    assert (loss_bound(problem, 1, 10)[:9] >= np.array(tails) / 2 * (1 - 1e-5)).all()
    assert (loss_bound(problem, 1, 10)[8:] > 0).all()  # the noise is never gone
    assert loss_bound(problem, 2, 4)[2] >= 5 * (1 - 1e-5)


def test_long_lists_are_ranked_one_by_one() -> None:
    h = np.array([1.0001] * 1199 + [1.0099, 1.0202])
    masses = np.array([0.0] * 1199 + [1.0, 1.002 / 1200])
    problem = sgdmem.Problem(sgdmem.Spectrum(h), sgdmem.Noise(tau2=-1), target=masses / h)
    rate = (h @ masses) / (2 * h**2 @ masses + masses.sum() * (h @ h))
    bound = loss_bound(problem, 1, 1)
    assert (sgdmem.losses(sgdmem.sgd(rate), problem, 1, 1) > bound).all()
    assert bound[0] == pytest.approx(masses.sum() / 2, rel=1e-5)


def test_a_share_of_a_mode_has_less_noise() -> None:
    half = sgdmem.Spectrum([1], weights=[0.5])
    problem = sgdmem.Problem(half, sgdmem.Noise(tau2="0.5"), target=[1])
    assert loss_bound(problem, 1, 3)[1:] == pytest.approx(0)
    assert sgdmem.losses(sgdmem.sgd(1), problem, 1, 1)[1] == 0


def test_tau2_by_mode_on_a_law() -> None:
    law = sgdmem.Problem.power_law(2, zeta="0.5", count=3)
    noise = sgdmem.Noise(tau2=["0.1", 0, -1])
    problem = sgdmem.Problem(law.spectrum, noise, target=law.target)
    bound = loss_bound(problem, 2, 5)
    assert (bound <= loss_bound(law, 2, 5) * (1 + 1e-5)).all()
    assert (sgdmem.losses(sgdmem.sgd("0.3"), problem, 2, 5) > bound).all()


def test_nothing_is_claimed_without_noise() -> None:
    problem = sgdmem.Problem.power_law(2, zeta=1)
    assert not loss_bound(problem, math.inf, 5).any()
    assert not loss_bound(sgdmem.Problem(sgdmem.Spectrum([1]), sgdmem.Noise(0), target=[1]), 1, 5)[
        1:
    ].any()


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (sgdmem.Problem.power_law(2), "target"),
        (sgdmem.Problem.power_law(2, zeta=1, weight_decay="0.1"), "weight_decay"),
        (sgdmem.Problem.from_data(np.eye(3), y=[1, 2, 3]), "tau1 and tau2"),
    ],
)
def test_bad_problems(problem: sgdmem.Problem, message: str) -> None:
    with pytest.raises(InputError, match=message):
        loss_bound(problem, 1, 10)
