r"""Noise at small rates: as the rate falls, a mode makes as much of it whatever the momentum.

.. math:: \lim_{\eta\to0}\frac{s_\lambda}{\lambda\eta/2} = 1

for SGDM with any :math:`\beta<1`: the noise sum, and with it the largest batch-limited learning
rate, are those of SGD.

Method: the summand from stationary second moments, solved as linear equations, at two small rates,
extrapolated; and `largest_learning_rate` at small batches, with momentum over without.
"""

from __future__ import annotations

from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.symbolic.zoo.named_algorithms import sgdm

STATEMENT = Statement(
    "Noise at small rates",
    "arXiv 2307.15196, and eq. (25) of arXiv 2410.04228",
    tolerance=1e-6,
    reason="of the second order in the rate over 1 - beta",
)

_RATE = 1e-5
_SMALL_BATCH = 1e-6


def claim(momentum: float) -> float:
    """Return the noise of a mode, or the largest rate, over that of SGD."""
    return 1.0


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several momenta and eigenvalues."""
    cases = []
    for momentum in (0.0, 0.5, 0.9, 0.99):
        for lam in (0.1, 1.0, 3.0):
            near, far = (_relative_noise(rate, momentum, lam) for rate in (_RATE, 2 * _RATE))
            label = f"beta {momentum}, lambda {lam}"
            cases.append(Case(label, 2 * near - far, claim(momentum)))
        spectrum = Spectrum([1, 0.5, 0.1])
        rates = [
            float(largest_learning_rate("sgdm", spectrum, _SMALL_BATCH, momentum=beta))
            for beta in (momentum, 0.0)
        ]
        label = f"beta {momentum}, largest rate at B = {_SMALL_BATCH:g}"
        cases.append(Case(label, rates[0] / rates[1], claim(momentum)))
    return cases


def _relative_noise(rate: float, momentum: float, lam: float) -> float:
    return float(Dynamics.of(sgdm(rate, momentum)).noise_summand([lam])[0]) / (lam * rate / 2)


PERTURBED: dict[str, Claim] = {
    "(1 - beta) / (1 + beta), as single steps": lambda beta: (1 - beta) / (1 + beta),
    "1 - beta": lambda beta: 1 - beta,
    "1 / (1 - beta), as the heavy ball": lambda beta: 1 / (1 - beta),
}
