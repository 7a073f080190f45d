"""Methods that are drawn back to their start: written out, and the exponents that this gives."""

import math

import numpy as np
import pytest

import sgdmem
from sgdmem.methods import accelerated, anchored, nesterov
from sgdmem.symbolic.errors import InputError


def test_steps_are_those_of_the_method_drawn_back() -> None:
    method = nesterov("0.5", "0.8")  # memory 1
    h, start = np.array([1.0, 0.3, 0.01]), np.array([1.0, -2.0, 0.5])
    problem = sgdmem.Problem(sgdmem.Spectrum(h), target=start**2)
    found = sgdmem.losses(anchored(method, 0.7, offset=3), problem, math.inf, 30)
    numbers = [float(entry) for entry in method.entries]
    alpha, b, c, D, a = numbers[:5]
    w, u = start.copy(), np.zeros(3)
    for t in range(30):
        assert found[t] == pytest.approx((h * w**2).sum() / 2, rel=1e-10)
        kept = 1 - 0.7 / (t + 3)
        gradient = h * (w + a * u)
        moved = w - alpha * gradient + b * u
        w, u = start + kept * (moved - start), kept * (c * gradient + D * u)


def test_a_few_nodes_stand_for_eigenvalues_of_which_w_comes_back() -> None:
    """The effective learning rate is 0, but small eigenvalues have moved all the same."""
    law = sgdmem.Problem.power_law(2, zeta=3, count=1500)
    rule = anchored(sgdmem.sgd("0.3"), "0.1")
    short, full = (
        sgdmem.losses(rule, law, 3, 3000, method=method) for method in ("compressed", "recursion")
    )
    assert short == pytest.approx(full, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("decay", "exponent"), [(0.1, 1.7), (0.25, 2.0), (1, 2.0)])
def test_exponents_of_sgd(decay: float, exponent: float) -> None:
    problem = sgdmem.Problem.power_law(2, zeta=3)
    found = sgdmem.losses(anchored(sgdmem.sgd("0.3"), decay), problem, 3, 200_000)
    assert math.log10(found[20_000] / found[200_000]) == pytest.approx(exponent, abs=0.03)


@pytest.mark.slow
def test_am1_where_noise_would_decide() -> None:
    problem = sgdmem.Problem.power_law(2, zeta=2)
    rule = accelerated(problem, 10)
    plain = sgdmem.losses(rule, problem, 10, 10_000)
    drawn = sgdmem.losses(anchored(rule), problem, 10, 10_000)
    assert drawn[1000] < plain[1000] / 2
    assert drawn[10_000] < plain[10_000] / 8


def test_bad_input() -> None:
    with pytest.raises(InputError, match="offset must be at least decay"):
        anchored(sgdmem.sgd("0.1"), 30)
    with pytest.raises(InputError, match="decay"):
        anchored(sgdmem.sgd("0.1"), 0)
    with pytest.raises(InputError, match="must not shrink w"):
        anchored(sgdmem.Algorithm("0.1", shrink="0.01"))
