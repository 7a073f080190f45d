r"""A bound for the last iterate of Kaczmarz: the eigenvalue equation, reconstructed.

The abstract of arXiv 2604.09909 names a "deterministic eigenvalue equation" behind its rate
:math:`t^{-3/4}`, which is not stated there. This one is ours, and has that rate as far as it is
computed, and in the limit of continuous time. Let
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

from sgdmem.numeric.arithmetic.arrays import EPS, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.symbolic.errors import InputError, shown

_POINTS = 3000  # of h: bounds are some 1e-6 of them above the largest ones
_MOST_STEPS = 10**6
_LEAST_RATE, _LARGEST_RATE = 0.01, 1.9  # of constants and exponents
_UP = 1 + 8 * EPS  # more than the roundings of a step


def guaranteed_losses(
    steps: Any, learning_rate: Any = 1, eigenvalues: Any = None, *, progress: bool = False
) -> Array:
    r"""Return a bound of the mean loss for :math:`|w_0-w_*|=1`, by the eigenvalue equation.

    It is proved, rounding included. For all h at once: with :math:`b_t(h)=h\,g_t(h)` and
    :math:`2\eta h\le1`, g is a sum of powers of :math:`1-2\eta h` with positive coefficients, so
    convex; between two points it is below its chord, and b below a parabola. (Where
    :math:`2\eta h>1` the raised :math:`b_t` is largest at :math:`2\eta h=1`.)

    Parameters
    ----------
    steps : int
        T.
    learning_rate : number
        Below 2; 1 is the greedy step.
    eigenvalues : sequence of numbers, optional
        Those of H; by default the bound is one for all instances.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    ndarray of shape (T + 1,)
        :math:`\mu_t/2`, rounded up.

    Raises
    ------
    InputError
        For a rate of 2 or more, and eigenvalues that are not from 0 to 1.

    Examples
    --------
    >>> guaranteed_losses(4).round(4).tolist()
    [0.5, 0.25, 0.159, 0.1197, 0.0973]
    """
    rate, last = read_rate(learning_rate), whole(steps, "steps", 0, _MOST_STEPS)
    edge, raised = 1 / (2 * rate), 0.0  # above the edge h is raised
    if eigenvalues is None:
        h = np.append(np.geomspace(0.01 / (last + 1), min(edge, 1), _POINTS), 0.0)
        h, largest = np.sort(h), 1.0
        quarters = np.diff(h) / 4
    else:
        given = read_vector(eigenvalues, "eigenvalues")
        if not given.size or given.min() < 0 or given.max() > 1 + 1e-12:
            raise InputError(f"eigenvalues must be from 0 to 1, got {shown(eigenvalues)}")
        h, largest = np.append(given[given <= edge], 0.0), given.max()
        if (given > edge).any():
            raised = (1 - (2 - rate) * rate * given[given > edge].min()) * _UP
        quarters = np.zeros(h.size - 1)
    kept, fed = 1 - 2 * rate * h + 4 * EPS, rate**2 * _UP
    g, found = np.ones(h.size), np.empty(last + 1)
    found[0] = largest
    with shown_progress("stepping", last, progress) as advance:
        for t in range(1, last + 1):
            g = (kept * g + fed * found[t - 1]) * _UP
            b = h * g
            above = np.maximum(b[1:], b[:-1]) + np.maximum(g[:-1] - g[1:], 0) * quarters
            found[t] = max(above.max(initial=0.0), raised * found[t - 1]) * _UP
            advance(1)
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

    rate = read_rate(learning_rate, limited=True)

    def excess(a: float) -> float:
        x = a / (2 - rate)
        return float(rate * x / (1 - a) * hyp1f1(1, 2 - a, -2 * x)) - 1

    return float(brentq(excess, 1e-6, 1 - 1e-9, xtol=1e-14))


def read_rate(given: Any, *, limited: bool = False) -> float:
    """Read a learning rate below 2; if limited from 0.01 to 1.9."""
    rate = positive_float(given, "learning_rate")
    if rate >= 2:
        raise InputError(f"learning_rate must be below 2, got {shown(given)}")
    if limited and not _LEAST_RATE <= rate <= _LARGEST_RATE:
        raise InputError(
            f"learning_rate must be from {_LEAST_RATE} to {_LARGEST_RATE}, got {shown(given)}"
        )
    return rate
