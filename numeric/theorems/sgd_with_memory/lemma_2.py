r"""Lemma 2: convolution with a small power law keeps a power law's exponent.

If :math:`0 \le U_t \le Ct^{-\xi}` and :math:`0 \le f_t \le C_ft^{-\xi}` for
:math:`t \ge 1`, :math:`\xi > 1`, then :math:`(U*f)_t \le CK_\xi C_f\,t^{-\xi}` with the best
constant

.. math:: K_\xi = \sup_t t^\xi\sum_{s=1}^{t-1}s^{-\xi}(t-s)^{-\xi}
    = \max\Bigl(2\zeta(\xi), \max_{t\le T} t^\xi\sum_{s<t}s^{-\xi}(t-s)^{-\xi}\Bigr),

:math:`2\zeta(\xi)` being the limit for large t. For :math:`CK_\xi < 1` iteration gives
:math:`\sum_{n\ge0}U^{*n}*f \le C_ft^{-\xi}/(1-CK_\xi)`.

Method: 1. the extreme sequences, convolved; the limit of large t is extrapolated in the powers
:math:`t^{-(\xi-1)}, t^{-1}, t^{-2}, \dots` of its expansion. 2. Random sequences under the bounds,
convolved, and the Volterra equation :math:`g = f + U*g` solved step by step; compared with 0 is the
excess over the bound.
"""

from __future__ import annotations

import numpy as np
from scipy.special import zeta

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array

STATEMENT = Statement(
    "Lemma 2",
    "arXiv 2410.04228, Lemma 2, with the constant of the theory page",
    tolerance=1e-11,
    reason="rounding, and extrapolation of the constant from t <= 2^14",
)

_EXPONENTS = (1.15, 1.2, 1.4, 1.5, 1.52, 1.6, 1.8, 2.2, 2.5, 3.5)
_SIZES = ((0.3, 1.0), (0.9, 5.0))  # C K and C_f of the random sequences
_LONGEST = 2**14
_STEPS = 3000
_EXPLICIT = 512  # terms over which the claim takes a maximum


def claim(exponent: float) -> float:
    """Return K of the exponent."""
    return max(2 * float(zeta(exponent)), float(_scaled(exponent, np.arange(2, _EXPLICIT)).max()))


def check(claim: Claim = claim) -> list[Case]:
    """Compare the best constant, and look for excesses over the bounds."""
    rng = np.random.default_rng(2)
    cases = []
    for exponent in _EXPONENTS:
        K = claim(exponent)
        cases.append(Case(f"exponent {exponent}, constant", _supremum(exponent), K))
        for size, C_f in _SIZES:
            excess = _excesses(rng, exponent, size / K, C_f, K)
            for what, value in zip(("convolution", "iteration"), excess, strict=True):
                cases.append(Case(f"exponent {exponent}, C K {size}, {what}", value, 0))
    return cases


def _scaled(exponent: float, times: Array) -> Array:
    """Return t^xi times the convolution of t^-xi with itself, at several t."""
    longest = int(times.max())
    powers = np.arange(1.0, longest) ** -exponent
    sums = [float(powers[: t - 1] @ powers[: t - 1][::-1]) for t in times]
    return np.asarray(times**exponent * sums)


def _supremum(exponent: float) -> float:
    """Return the largest value, or the limit if that is larger."""
    times = np.unique(np.geomspace(_LONGEST / 64, _LONGEST, 40).astype(int))
    values = _scaled(exponent, times)
    scaled = times / times[0]
    powers = [0.0, exponent - 1, *range(1, 6)]
    limit = np.linalg.lstsq(np.array([scaled**-power for power in powers]).T, values, rcond=None)[
        0
    ][0]
    return max(float(limit), float(_scaled(exponent, np.arange(2, 2048)).max()))


def _excesses(
    rng: np.random.Generator, exponent: float, C: float, C_f: float, K: float
) -> tuple[float, float]:
    times = np.arange(1, _STEPS)
    bound = times**-exponent
    U, f = (size * bound * rng.random(times.size) ** 0.1 for size in (C, C_f))
    U[:5], f[:5] = C * bound[:5], C_f * bound[:5]
    convolved, solution = np.zeros(times.size), f.copy()
    for i in range(1, times.size):  # entry i is t = i + 1
        convolved[i] = U[:i] @ f[:i][::-1]
        solution[i] += U[:i] @ solution[:i][::-1]
    most = C * K * C_f, C_f / (1 - C * K)
    excess = [(x / (bound * y)).max() - 1 for x, y in zip((convolved, solution), most, strict=True)]
    return max(0.0, float(excess[0])), max(0.0, float(excess[1]))


PERTURBED: dict[str, Claim] = {
    "zeta(xi), one end of the sum only": lambda exponent: float(zeta(exponent)),
    "2 zeta(xi) for every exponent": lambda exponent: 2 * float(zeta(exponent)),
    "2^xi, the value at t = 2": lambda exponent: 2.0**exponent,
    "without the limit of large t": lambda exponent: float(
        _scaled(exponent, np.arange(2, _EXPLICIT)).max()
    ),
}
