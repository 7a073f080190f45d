r"""Clustered spectra: gaps between eigenvalues admit methods that are fast, and unstable in them.

Eigenvalues are :math:`\beta^{-i}`, with multiplicities. Let :math:`\theta>2`,
:math:`\mathsf a=2\pi\theta/\log\beta`, :math:`b=\frac\pi2\mathsf a`, :math:`X=1-\zeta`, and g
a power of :math:`1/\beta`, small enough. The method of memory without end with the symbol

.. math:: -\varphi=g\,\zeta\,X^{-\theta}\exp\bigl(A\sin(\mathsf a\log X)\bigr),

is stable at all eigenvalues: :math:`W=-\lambda\varphi/(1-\lambda\varphi)` is bounded in the disk,
by one bound for all (Theorem L), if

.. math:: (\theta-2)\frac\pi{2\sinh b}<A<\frac\theta{\mathsf a\cosh b}.

Such A exist for :math:`\tanh b/b>1-2/\theta`. The noise :math:`s_\lambda`, the mean of
:math:`|W|^2` on the circle, is of the order :math:`\lambda^{1/\theta}`. Methods that are stable
between eigenvalues, too, have :math:`\theta\le2`.

Method: W on the circle. Compared are the share of its square that has negative frequencies, with 0,
at the largest eigenvalue; and, over twenty clusters, the largest :math:`|W|`, which does not
change, and the exponent of :math:`s_\lambda`, by integrals on a logarithmic grid.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Clustered spectra",
    "docs/theory/larger-memory-limits, Theorem L",
    tolerance=1e-4,
    reason="the grid of the circle",
)
CASES = ((8.0, 2.15, 3), (64.0, 2.3, 2), (1e4, 2.8, 1), (1e8, 3.5, 1))  # beta, theta, g's power
_POINTS = 2**18
_STEP = 1e-3
_CLUSTERS = (8, 28)  # of which the bound and the noise are compared


class Prediction(NamedTuple):
    """A, the exponent of noise, and where eigenvalues are, in steps of log beta."""

    A: float
    exponent: float
    place: float


def claim(beta: float, theta: float, *, height: float = 0.5, place: float = 0.0) -> Prediction:
    """Predict for clusters; A is so far between its ends, on a logarithmic scale."""
    b = math.pi**2 * theta / math.log(beta)
    least = (theta - 2) * math.pi / 2 / math.sinh(b)
    most = theta * math.pi / (2 * b * math.cosh(b))
    return Prediction(least ** (1 - height) * most**height, 1 / theta, place)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for clusters that are close, and far apart."""
    cases = []
    for beta, theta, power in CASES:
        A, exponent, place = claim(beta, theta)
        label = f"beta = {beta:g}, theta = {theta:g}"
        share = negative_share(beta, theta, A, power + place)
        cases.append(Case(f"{label}: negative frequencies", share, 0.0))
        (s, top), (last, last_top) = (
            noise_and_peak(beta, theta, A, power + i + place) for i in _CLUSTERS
        )
        slope = math.log(s / last) / math.log(beta) / (_CLUSTERS[1] - _CLUSTERS[0])
        cases.append(Case(f"{label}: exponent", slope, exponent))
        cases.append(Case(f"{label}: bound", last_top / top, 1.0))
    return cases


def _transfer(beta: float, theta: float, A: float, power: float, omega: Array) -> Array:
    r"""Return W on the circle for :math:`\lambda g=\beta^{-power}`."""
    log_x = np.log(2 * np.sin(omega / 2)) + 0.5j * (omega - np.pi)
    frequency = 2 * np.pi * theta / np.log(beta)
    log_g = 1j * omega - theta * log_x + A * np.sin(frequency * log_x) - power * np.log(beta)
    return np.asarray(1 / (1 + np.exp(-log_g)))


def negative_share(beta: float, theta: float, A: float, power: float) -> float:
    """Return the share of the square of W that a function in the disk does not have."""
    omega = 2 * np.pi * (np.arange(_POINTS) + 0.5) / _POINTS
    half = _transfer(beta, theta, A, power, omega[: _POINTS // 2])
    squares = abs(np.fft.fft(np.concatenate([half, half[::-1].conj()]))) ** 2
    return float(squares[_POINTS // 2 :].sum() / squares.sum())


def noise_and_peak(beta: float, theta: float, A: float, power: float) -> tuple[float, float]:
    """Return the mean of the square of W, and its largest modulus."""
    first = -power * math.log(beta) / theta - 12
    omega = np.exp(np.arange(first, math.log(math.pi), _STEP))
    modulus = abs(_transfer(beta, theta, A, power, omega))
    return float((modulus**2 * omega).sum() * _STEP / np.pi + omega[0] / np.pi), float(
        modulus.max()
    )


PERTURBED: dict[str, Claim] = {
    "A = 0": lambda *x: claim(*x)._replace(A=0.0),
    "half of the least A": lambda *x: claim(*x)._replace(A=0.5 * claim(*x, height=0.0).A),
    "eigenvalues anywhere": partial(claim, place=0.5),
    "an exponent that is a hundredth larger": lambda *x: claim(*x)._replace(
        exponent=1.01 * claim(*x).exponent
    ),
    "the exponent 1/2": lambda *x: claim(*x)._replace(exponent=0.5),
}
