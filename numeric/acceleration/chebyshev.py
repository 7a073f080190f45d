"""Chebyshev semi-iteration: the heavy ball on the best schedule for an interval of eigenvalues."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.errors import InputError


def chebyshev(smallest_eigenvalue: Any, largest_eigenvalue: Any) -> Schedule:
    r"""Return the heavy ball whose residual polynomials are Chebyshev's on an interval.

    With full batches step n leaves the share :math:`T_n((c-\lambda)/d)\,/\,T_n(c/d)` of the
    coefficient along an eigenvector, :math:`c=(L+m)/2, d=(L-m)/2`: of all polynomials of degree n
    that are 1 at 0, the one that is smallest on the whole interval from m to L. With
    :math:`\sigma=c/d` and :math:`\rho_0=1/\sigma,\ \rho_n=1/(2\sigma-\rho_{n-1})`, step 0 is one of
    gradient descent at the rate 1/c, and after it the momentum is :math:`\rho_n\rho_{n-1}` and the
    rate :math:`2\rho_n/d`. It tends to Polyak's heavy ball. (G. H. Golub and R. S. Varga, Numer.
    Math. 3, 1961.)

    Parameters
    ----------
    smallest_eigenvalue, largest_eigenvalue : number > 0
        The ends m < L of the interval.

    Raises
    ------
    InputError
        If they are not positive and ascending.

    Examples
    --------
    >>> rule = chebyshev(1, 9)
    >>> [float(rule.at(n).alpha) for n in (0, 1, 10**6)]
    [0.2, 0.2941176470588235, 0.25]
    """
    low = positive_float(smallest_eigenvalue, "smallest_eigenvalue")
    high = positive_float(largest_eigenvalue, "largest_eigenvalue")
    if not low < high:
        raise InputError(
            f"smallest_eigenvalue must be below largest_eigenvalue, got {low:g} and {high:g}"
        )
    rule = schedule(
        "heavy-ball",
        learning_rate=partial(_learning_rate, low, high),
        momentum=partial(_momentum, low, high),
    )
    return replace(rule, name=f"chebyshev({low:g}, {high:g})")


def _ratio(low: float, high: float, n: Array) -> Array:
    """Return rho_n = T_n(sigma) / T_(n+1)(sigma), in closed form."""
    # T_n(sigma) = (z^n + z^-n) / 2 with z = sigma - sqrt(sigma^2 - 1), Polyak's rate
    root = (np.sqrt(high) - np.sqrt(low)) / (np.sqrt(high) + np.sqrt(low))
    return np.asarray(root * (1 + root ** (2 * n)) / (1 + root ** (2 * n + 2)))


def _learning_rate(low: float, high: float, n: Array) -> Array:
    first = 2 / (high + low)
    return np.where(n == 0, first, 4 * _ratio(low, high, n) / (high - low))


def _momentum(low: float, high: float, n: Array) -> Array:
    before = np.maximum(n - 1, 0)
    return np.where(n == 0, 0.0, _ratio(low, high, n) * _ratio(low, high, before))
