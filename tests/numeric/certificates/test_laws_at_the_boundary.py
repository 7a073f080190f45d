"""Power laws whose noise sum is 1, or next to it, and those with a root on the circle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from mpmath import mp, mpf, zeta

from sgdmem import Algorithm, Spectrum, certify, heavy_ball, nesterov, qhm, sgd
from sgdmem.methods import aggmo
from sgdmem.numeric.certificates.proof import step_record
from sgdmem.numeric.judges.reason import Reason
from sgdmem.symbolic.certificates.modes import read_step


def heavy_ball_size(rate: Fraction, momentum: Fraction, law: Any, digits: int) -> Fraction:
    """Return B* at tau2 = 0: each mode is a geometric series."""
    ratio = rate / 2 / (1 + momentum)
    with mp.workdps(digits + 20):
        total, nu = mpf(0), mpf(law[0])
        for j in range(1, 2000):
            powers = zeta(j * nu) - (zeta(j * nu, law[1] + 1) if law[1] else 0)
            term = (mpf(ratio.numerator) / ratio.denominator) ** j * powers
            total += term
            if term < mpf(10) ** -(digits + 10):
                break
        return (
            Fraction(int(total * 10 ** (digits + 5)), 10 ** (digits + 5))
            * (1 + momentum)
            / (1 - momentum)
        )


def sides_are_proved(method: Algorithm, law: Any, size: Fraction, digits: int) -> None:
    spectrum = Spectrum.power_law(law[0], count=law[1])
    for side, claim in ((1, "stable"), (-1, "unstable")):
        assert certify(method, spectrum, size * (1 + Fraction(side, 10**digits))).claim == claim


@pytest.mark.parametrize(
    ("law", "digits"),
    [
        *((("1.5", None), 19), ((2, 1), 18), ((2, 1), 59)),
        *(pytest.param(law, digits, marks=pytest.mark.slow)
          for law in (("1.5", None), (3, None), ("1.1", None), ("1.5", 3), ("2.3", 10**5))
          for digits in (20, 45, 59)),
    ],
)  # fmt: skip
def test_heavy_balls(law: Any, digits: int) -> None:
    for rate, momentum in ((Fraction("1.2"), Fraction(0)), (Fraction(1), Fraction("1/2"))):
        size = heavy_ball_size(rate, momentum, law, digits)
        sides_are_proved(heavy_ball(rate, momentum), law, size, digits)


@pytest.mark.slow
@pytest.mark.parametrize("digits", [20, 59])
def test_methods_of_more_memory(digits: int) -> None:
    """Against exact summands at eigenvalues of 150 digits."""
    for method in (
        *(nesterov("0.3", "0.8"), qhm("0.5", "0.9", "0.7"), aggmo("0.1", [0, "0.5", "0.9"])),
        aggmo("0.1", [0, "0.5", "0.8", "0.9"]),
    ):
        mode = read_step(step_record(method)).mode(Fraction(0))
        for nu, count in (("1.5", 4), ("2.3", 25)):
            size = Fraction(0)
            for k in range(1, count + 1):
                with mp.workdps(160):
                    lam = Fraction(int(mp.power(k, -mpf(nu)) * 10**150), 10**150)
                size += mode.summand(lam) or 0
            sides_are_proved(method, (nu, count), Fraction(round(size * 10**140), 10**140), digits)


def test_short_laws_of_rational_eigenvalues_have_the_proofs_of_lists() -> None:
    for exponent, count in ((2, 3), ("1.5", 1)):
        lam = [Fraction(1, k**2) for k in range(1, count + 1)]
        size = sum((x / (2 - x) for x in lam), Fraction(0))
        law = Spectrum.power_law(exponent, count=count)
        assert certify(sgd(1), law, size).check().claim == "boundary"
    growing = Algorithm(1, shrink=Fraction(-1, 5))  # the second mode has the root 1
    law = Spectrum.power_law(2, scale="0.8", count=2)
    assert certify(growing, law, 8).reason is Reason.BOUNDARY


@pytest.mark.slow
def test_bounds_that_leave_it_open() -> None:
    law = ("1.5", 2)
    size = heavy_ball_size(Fraction(1), Fraction(0), law, 90)
    proof = certify(sgd(1), Spectrum.power_law(law[0], count=law[1]), size)
    assert (proof.stable, proof.claim) == (None, "open")
    assert "the noise sum is between 1 - " in proof.check().found
