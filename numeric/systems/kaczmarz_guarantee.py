r"""A bound for the last iterate of Kaczmarz: the eigenvalue equation, reconstructed.

The abstract of arXiv 2604.09909 names a "deterministic eigenvalue equation" behind its rate
:math:`t^{-3/4}`, which is not stated there. This one is ours, and gives that rate. Let
:math:`A_t\preceq b_t(H)`, a function of H. Because :math:`H_i^2\preceq H_i`,

.. math:: A_{t+1}\preceq E(1-\eta H_i)b_t(H)(1-\eta H_i)
    \preceq(1-2\eta H)b_t(H)+\eta^2\mu_tH,\qquad\mu_t=\max_h b_t(h),

where h are the eigenvalues of H, or all numbers from 0 to 1. So :math:`b_0(h)=h` and

.. math:: b_{t+1}(h)=(1-2\eta h)b_t(h)+\eta^2\mu_th

bound the worst start of every instance, :math:`\lambda_{\max}(A_t)\le\mu_t`. (Where
:math:`2\eta h>1` the next bound is the better for a larger :math:`b_t`, which may be raised to
:math:`\mu_t`.) For large t it becomes
continuous, and :math:`\mu_t\sim t^{-a}` solves it if, with x for :math:`\eta th`,

.. math:: \max_x\,\eta x\int_0^1e^{-2x(1-u)}u^{-a}\,du=1,

which is attained at :math:`x=a/(2-\eta)`. For :math:`\eta=1` the exponent is 0.75217: 3/4 is the
largest simple fraction below it. Smaller rates have larger ones, up to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.symbolic.errors import InputError, shown

_POINTS = 3000  # of h: maxima are found to some 1e-6 of them
_MOST_STEPS = 10**7


def guaranteed_losses(steps: Any, learning_rate: Any = 1, eigenvalues: Any = None) -> Array:
    r"""Return a bound of the mean loss for :math:`|w_0-w_*|=1`, by the eigenvalue equation.

    Parameters
    ----------
    steps : int
        T.
    learning_rate : number
        Below 2; 1 is the greedy step.
    eigenvalues : sequence of numbers, optional
        Those of H; by default the bound is one for all instances.

    Returns
    -------
    ndarray of shape (T + 1,)
        :math:`\mu_t/2`.

    Raises
    ------
    InputError
        For a rate of 2 or more, and eigenvalues that are not from 0 to 1.

    Examples
    --------
    >>> guaranteed_losses(4).round(4).tolist()
    [0.5, 0.25, 0.159, 0.1197, 0.0973]
    """
    rate, last = _rate(learning_rate), whole(steps, "steps", 0, _MOST_STEPS)
    if eigenvalues is None:
        h = np.concatenate([np.geomspace(0.01 / (last + 1), 1, _POINTS), [0.5]])
    else:
        h = read_vector(eigenvalues, "eigenvalues")
        if not h.size or h.min() < 0 or h.max() > 1 + 1e-12:
            raise InputError(f"eigenvalues must be from 0 to 1, got {shown(eigenvalues)}")
    b, found = h, np.empty(last + 1)
    kept, fed = 1 - 2 * rate * h, rate**2 * h
    raised = kept < 0
    for t in range(last + 1):
        found[t] = b.max()
        b = kept * np.where(raised, found[t], b) + fed * found[t]
    return found / 2


def guaranteed_exponent(learning_rate: Any = 1) -> float:
    r"""Return a, the exponent of :math:`t^{-a}` of the bound for all instances.

    The root of :math:`\frac{\eta x}{1-a}\,{}_1F_1(1;2-a;-2x)=1` at :math:`x=a/(2-\eta)`.

    Parameters
    ----------
    learning_rate : number
        From 0.01 to 1.9.

    Raises
    ------
    InputError
        For another rate.

    Examples
    --------
    >>> [round(guaranteed_exponent(rate), 5) for rate in (0.1, 0.5, 1, 1.5)]
    [0.98115, 0.89496, 0.75217, 0.53372]
    """
    from scipy.optimize import brentq
    from scipy.special import hyp1f1

    rate = _rate(learning_rate)
    if not _LEAST_RATE <= rate <= _LARGEST_RATE:
        raise InputError(
            f"learning_rate must be from {_LEAST_RATE} to {_LARGEST_RATE}, "
            f"got {shown(learning_rate)}"
        )

    def excess(a: float) -> float:
        x = a / (2 - rate)
        return float(rate * x / (1 - a) * hyp1f1(1, 2 - a, -2 * x)) - 1

    return float(brentq(excess, 1e-6, 1 - 1e-9, xtol=1e-14))


_LEAST_RATE, _LARGEST_RATE = 0.01, 1.9


def _rate(given: Any) -> float:
    rate = positive_float(given, "learning_rate")
    if rate >= 2:
        raise InputError(f"learning_rate must be below 2, got {shown(given)}")
    return rate
