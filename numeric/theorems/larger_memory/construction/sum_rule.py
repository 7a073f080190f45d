r"""Sum rule of interlacing methods: noise of an eigenvalue is bounded by the phase of Q / P.

For poles and zeros that alternate in :math:`w=2(x-1)/(x+1)`, the gain g, :math:`0<\lambda<2/g`,
:math:`\varphi=Q/P` and :math:`\mathcal T=\lambda\varphi/(1-\lambda\varphi)` at :math:`w=iy`,

.. math:: 0<\arg\varphi<\frac\pi2,\qquad
    \int_0^\infty\operatorname{Im}\mathcal T\,\frac{dy}y=\frac\pi{2-\lambda g}.

If :math:`z_1\le1` and :math:`z_{i+1}\le p_i/2`, also :math:`\sin\arg\varphi\ge\vartheta/6`, where
:math:`\vartheta=\max(p_i/y,y/z_i)` from a pole to its zero, 1 elsewhere up to 1, and 1/y beyond.

Method: random methods; Q / P from their polynomials, and the trapezoidal rule in log y, which has
an error below rounding where the grid resolves the resonances. Compared are the integral over the
prediction, and the largest :math:`\vartheta/6` over the sine, as a violation.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    Interlacing,
    random_interlacing,
)

STATEMENT = Statement(
    "Sum rule",
    "docs/theory/larger-memory-construction",
    tolerance=1e-11,
    reason="rounding of the symbol near its resonances",
)
_DRAWS = 12
_STEP, _REACH = 2e-3, 36.0  # of the grid in log y, and how far beyond all features it goes
_SHARES = (1e-9, 1e-4, 0.05, 0.7, 0.999)  # eigenvalues over 2 / g


def claim(lam: float, gain: float) -> tuple[float, float]:
    """Return the integral, and the share of the phase that the sine is at least."""
    return np.pi / (2 - lam * gain), 1 / 6


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random methods of memory 1 to 4."""
    rng, cases = np.random.default_rng(0), []
    for draw in range(_DRAWS):
        method = random_interlacing(rng, 1 + draw % 4)
        label = f"memory {len(method.poles)}, draw {draw}"
        y = _grid(method)
        symbol = method.symbol(y)
        sine = symbol.imag / abs(symbol)
        share = claim(1.0, method.gain)[1]
        ratio = (share * method.phase(y) / sine).max()
        cases.append(Case.within(f"{label}: phase", ratio))
        for lam in np.array(_SHARES) * 2 / method.gain:
            transfer = lam * symbol / (1 - lam * symbol)
            integral = float(transfer.imag.sum() * _STEP)
            predicted = claim(float(lam), method.gain)[0]
            cases.append(Case(f"{label}, lambda {lam:.3g}", integral, predicted))
    return cases


def _grid(method: Interlacing) -> np.ndarray:
    least = method.crossing(2 * np.array(_SHARES[:1]) / method.gain)[0]
    first, last = np.log(min(least, method.poles[-1])) - _REACH, np.log(2.0) + _REACH
    return np.asarray(np.exp(np.arange(first, last, _STEP)))


PERTURBED: dict[str, Claim] = {
    "pi / (2 + lambda g)": lambda *x: (np.pi / (2 + x[0] * x[1]), claim(*x)[1]),
    "pi / 2": lambda *x: (np.pi / 2, claim(*x)[1]),
    "the sine is at least the phase": lambda *x: (claim(*x)[0], 1.0),
}
