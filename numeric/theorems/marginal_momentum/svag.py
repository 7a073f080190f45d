r"""SVAG: more noise and less curvature bring SGDM and SGD together.

With :math:`r=(1\mp\sqrt{2\ell^2-1})/2` the gradient :math:`r_1g_1+r_2g_2` of two batches has the
mean of one and :math:`\ell^2` times its covariance; with the rate divided by :math:`\ell^2` and as
many times more steps, the losses of SGDM and of SGD differ by :math:`\ell^{-2}` of before.

Method: means and covariances over all pairs of batches of a small set, in floats; exact losses of
three modes, the ratio of the gaps at :math:`\ell` and :math:`2\ell`, extrapolated.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np

from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.marginal_momentum import svag
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import expand
from sgdmem.symbolic.zoo.named_algorithms import sgd, sgdm

STATEMENT = Statement(
    "SVAG",
    "arXiv 2307.15196, Definition 6.1 and section 6",
    tolerance=1e-3,
    reason="covariances are exact; powers of 1/l^2 beyond the third are left in the ratio",
)


def claim(scale: float) -> float:
    """Return by how much the covariance grows, and the gap between both falls."""
    return scale**2


def check(claim: Claim = claim) -> list[Case]:
    """Compare covariances for several scales, and gaps for several momenta."""
    cases = [
        Case(f"covariance, l = {scale}", _covariance(scale), claim(scale))
        for scale in (1.0, 1.5, 2.0, 4.0)
    ]
    for momentum in (0.5, 0.9):
        cases.append(Case(f"gap, beta {momentum}, l doubled", _gap_ratio(momentum), claim(2.0)))
    return cases


def _covariance(scale: float) -> float:
    """Return the trace of the covariance of SVAG's gradient over that of a batch of two samples."""
    rows = np.random.default_rng(61).normal(size=(4, 3))
    batches = np.array([rows[list(pair)].mean(0) for pair in itertools.product(range(4), repeat=2)])
    root = math.sqrt(2 * scale**2 - 1)
    pairs = np.array(
        [(1 - root) / 2 * a + (1 + root) / 2 * b for a, b in itertools.product(batches, batches)]
    )
    assert np.allclose(pairs.mean(0), rows.mean(0))
    return float(pairs.var(axis=0).sum() / batches.var(axis=0).sum())


@cache
def _gap_ratio(momentum: float) -> float:
    problem = Problem(Spectrum([1, 0.5, 0.1]), Noise(tau1=1, tau2=-1), target=[1, 1, 1])
    scales = 2.0 ** np.arange(1, 7)
    gaps = []
    for scale in scales:
        ends = []
        for method in (sgdm(0.05, momentum), sgd(0.05)):
            changed, batch_size = svag(method, 8, scale)
            ends.append(losses(changed, problem, batch_size, round(60 * scale**2))[-1])
        gaps.append(abs(ends[0] - ends[1]))
    ratios = np.array(gaps[:-1]) / gaps[1:]
    return float(expand(scales[1:], ratios, [2, 4, 6])[0])


PERTURBED: dict[str, Claim] = {
    "l": lambda scale: scale,
    "2 l^2 - 1": lambda scale: 2 * scale**2 - 1,
    "no change": lambda scale: 1.0,
}
