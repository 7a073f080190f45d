"""Heavy ball on the schedule of Jacobi polynomials (H. Brakhage, 1987): fast without noise only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError


def jacobi_heavy_ball(a: Any, b: Any, largest_eigenvalue: Any) -> Schedule:
    r"""Return the heavy ball whose residual polynomials are Jacobi polynomials.

    With full batches, step n leaves the share

    .. math:: p_n(\lambda) = P_n^{(a,b)}(1-2\lambda/\lambda_{\max})\,/\,P_n^{(a,b)}(1)

    of the coefficient along an eigenvector. The loss falls with the exponent
    :math:`\min(2\zeta, 2a+1)` if all eigenvalues lie below :math:`\lambda_{\max}`; an eigenvalue
    equal to it adds a part with the exponent :math:`2(a-b)`. So :math:`a>\zeta-1/2, b=-1/2` serves
    a target exponent zeta. Under mini-batch noise the method diverges: after a time proportional to
    the batch size the loss rises (appendix M of arXiv 2410.04228).

    Parameters
    ----------
    a : number > -1/2
    b : number > -1
    largest_eigenvalue : number > 0
        Lambda_max, or a bound on it.

    Raises
    ------
    InputError
        For b <= -1, where the polynomials are not orthogonal, and for a <= -1/2, where the residual
        polynomials do not tend to 0 at any eigenvalue.

    Examples
    --------
    >>> jacobi_heavy_ball(0.5, -0.5, 4).at(1)
    Algorithm(alpha=0.6, b=(0.2,), c=(-0.6,), D=((0.2,),), a=(0.0,))
    """
    p, q = (to_float(number(value, name)) for value, name in ((a, "a"), (b, "b")))
    top = positive_float(largest_eigenvalue, "largest_eigenvalue")
    if not p > -0.5:
        raise InputError(f"a must exceed -1/2, got {a}: the loss would not fall")
    if not q > -1:
        raise InputError(f"b must exceed -1, got {b}: there are no such Jacobi polynomials")
    rule = schedule(
        "heavy-ball",
        learning_rate=partial(_learning_rate, p, q, top),
        momentum=partial(_momentum, p, q),
    )
    return replace(rule, name=f"jacobi_heavy_ball(a={p:g}, b={q:g})")


def _learning_rate(p: float, q: float, top: float, n: Array) -> Array:
    m = np.maximum(n, 1)  # at 0 the ratio is 1, and 0 / 0 if a + b = -1
    ratio = np.where(n == 0, 1.0, (2 * m + p + q + 1) / (m + p + q + 1))
    return np.asarray((2 * n + p + q + 2) * ratio / (top * (n + p + 1)))


def _momentum(p: float, q: float, n: Array) -> Array:
    m = np.maximum(n, 1)  # at 0 it is 0, and 0 / 0 if a + b = 0
    found = (m + q) * (2 * m + p + q + 2) / ((m + p + 1) * (m + p + q + 1) * (2 * m + p + q))
    return np.asarray(n * found)
