r"""How much rounding errors of auxiliary vectors grow, and a realisation in which they do not.

Only P and Q matter to a stationary method, but the numbers in which it is stepped have entries: of
poles close together partial fractions are huge, and cancel in w. The measure is the round-off noise
gain of C. T. Mullis and R. A. Roberts (1976), for the linear filter from gradients to w: with the
Gramians :math:`W=\sum_jD^jcc^T(D^j)^T` of what drives the vectors and
:math:`O=\sum_j(D^j)^Tb^TbD^j` of what is read from them,

.. math:: \kappa^2 = \sum_iW_{ii}O_{ii}\,/\operatorname{tr}(WO)

is what errors of second moments grow by. It does not depend on the units of the vectors, and is 1
for one of them, and where W is the identity.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule, Steps
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    from mpmath import matrix

_LARGEST = 100.0  # error gain of what is stepped as it is given: errors are some 1e-15 of it
_REFUSED = 1e9  # error gain of a schedule: by chance it is 1e5 where hardly anything is read
_LOOKED_AT = 24  # steps of a schedule
_DIGITS = 1000  # of the Gramian; its own squares are within the range of floats


def well_conditioned(schedule: Schedule, steps: int) -> Schedule:
    """Return a schedule with the same losses whose rounding errors stay small.

    An algorithm for all steps has its auxiliary vectors combined anew if need be. In a schedule
    they outlast their step, so that there is no such freedom.

    Raises
    ------
    InputError
        If errors of a schedule might spoil its losses.
    """
    if schedule.memory < 2 or not steps:
        return schedule
    if schedule.stationary is not None:
        if error_gains(schedule.steps(0, 1), steps)[0] <= _LARGEST:
            return schedule
        orthogonal = orthogonal_realisation(schedule.stationary, steps)
        return replace(Schedule.constant(orthogonal), stationary=schedule.stationary)
    places = np.unique(np.geomspace(1, steps, _LOOKED_AT).astype(int) - 1.0)
    gains = error_gains(schedule.some_steps(places), steps)
    worst = int(gains.argmax())
    if gains[worst] > _REFUSED:
        raise InputError(
            f"{schedule.name} cancels huge numbers at step {int(places[worst])}, where rounding "
            f"errors of its auxiliary vectors grow {gains[worst]:.1g} times: combine the vectors "
            f"so that they are less alike, for example in a chain in which each hears the one "
            f"before"
        )
    return schedule


def error_gains(steps: Steps, count: int) -> Array:
    r"""Return :math:`\kappa^2` of every step, as if it were repeated ``count`` times.

    At most some 1e16, since the trace cancels, too; 1 where D grows beyond the range of floats.

    Examples
    --------
    >>> from sgdmem import Algorithm
    >>> poles = Algorithm(0, b=[1, 1], c=[1, "-0.99"], D=[["0.9", 0], [0, "0.9001"]])
    >>> float(error_gains(Schedule.constant(poles).steps(0, 1), 1000)[0].round())
    23979.0
    """
    D, size = steps.D, len(steps)
    driven = steps.c[:, :, None] * steps.c[:, None, :]
    read = steps.b[:, :, None] * steps.b[:, None, :]
    made = 1
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while made < count:  # twice as many steps each time
            turned = D.transpose(0, 2, 1)
            driven, read = driven + D @ driven @ turned, read + turned @ read @ D
            D, made = D @ D, 2 * made
        sizes = np.einsum("tii,tii->t", driven, read)
        terms = driven * read.transpose(0, 2, 1)
        total = np.abs(terms.sum(axis=(1, 2)))
        rounding = np.finfo(float).eps * np.abs(terms).sum(axis=(1, 2))
        found = sizes / np.maximum(total, rounding)
    return np.where(np.isfinite(found), found, np.ones(size))


def orthogonal_realisation(algorithm: Algorithm, steps: int) -> Algorithm:
    """Return an algorithm with the same w whose vectors are orthonormal under white noise.

    That is, those of gradients which are independent and of variance 1, after so many steps. Its
    entries are floats, of what is computed to ``_DIGITS`` digits. Vectors that depend linearly on
    others are left out.
    """
    from mpmath import mp, workdps

    M = algorithm.memory
    with workdps(_DIGITS):
        D, c, b, a = (
            mp.matrix([list(map(_multiprecision, row)) for row in rows])
            for rows in (algorithm.D, [[x] for x in algorithm.c], [algorithm.b], [algorithm.a])
        )
        factor = _square_root(_gramian(D, c, max(steps, M)))
        inverse = (factor.T * factor) ** -1 * factor.T
        moved = [b * factor, inverse * c, inverse * D * factor, a * factor]
        b_row, c_row, D_rows, a_row = ([float(x) for x in entries] for entries in moved)
    rank = len(b_row)
    D_square = [D_rows[i * rank : (i + 1) * rank] for i in range(rank)]
    parts = (algorithm.alpha, b_row, c_row, D_square, a_row, algorithm.shrink)
    return Algorithm(*parts, name=algorithm.name, title=algorithm.title)


def _multiprecision(entry: Any) -> Any:
    from mpmath import mpf

    if isinstance(entry, Fraction):
        return mpf(entry.numerator) / entry.denominator
    return mpf(to_float(entry)) if not isinstance(entry, int) else mpf(entry)


def _gramian(D: matrix, c: matrix, steps: int) -> matrix:
    found, made = c * c.T, 1
    while made < steps:
        found, D, made = found + D * found * D.T, D * D, 2 * made
    return found


def _square_root(gramian: matrix) -> matrix:
    """Return a matrix L with L L^T, whose columns are as many as its rank."""
    from mpmath import mp, mpf, sqrt

    M, left, columns = gramian.rows, gramian.copy(), []
    for k in range(M):
        if left[k, k] > mpf(10) ** -(_DIGITS // 2) * gramian[k, k]:
            columns.append([left[i, k] / sqrt(left[k, k]) for i in range(M)])
            last = mp.matrix(columns[-1])
            left -= last * last.T
    return mp.matrix(columns).T
