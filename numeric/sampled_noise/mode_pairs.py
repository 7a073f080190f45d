r"""Inner products of the impulse responses of pairs of modes, with error bounds.

With :math:`g_i` the impulse response of :math:`Q/(P-\lambda_iQ)`, noise that mixes modes needs

.. math:: h_{ij} = \sum_{t\ge0} g_i(t)g_j(t) = \frac{2x_0}{\hat\chi_{i,0}},\qquad
    x(z)\hat\chi_j(-z) + y(z)\hat\chi_i(z) = \hat Q(z)\hat Q(-z)

in the half plane of `sgdmem.symbolic.algebra.routh`, where x and y have degree M and the subscript
0 is for leading coefficients. It is the integral of
:math:`\hat Q(z)\hat Q(-z)/\hat\chi_i(z)\hat\chi_j(-z)` along the imaginary axis, by partial
fractions; on the diagonal the noise summand over :math:`\lambda^2`. That form keeps its accuracy
where the recursion on :math:`\hat\chi_i\hat\chi_j` loses all of it: near the end of stability.
Memory 0 and 1 have closed forms (`short_memory_pairs`).

A solution is trusted only as far as an approximate inverse confirms it (S. M. Rump, Verification
methods, Acta Numerica 2010, section 10).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.sampled_noise.short_memory_pairs import (
    LONGEST,
    quick_short_memory_pairs,
    short_memory_pairs,
)
from sgdmem.symbolic.algebra.polynomials import multiply
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_polynomial

_TOGETHER = 2**14  # pairs that are solved at once
_REFINEMENTS = 2
_QUICK = 1e-9  # relative: a first solution so near to its refinement leaves only rounding
_SHARP = 1e-11  # relative error that residuals in plain floats may leave
_INFLATE = 1 + 1e-6  # bounds are rounded to nearest; the terms are far fewer than a million


def mode_pairs(form: HalfPlaneForm, eigenvalues: Array) -> tuple[Array, float]:
    r"""Return :math:`\lambda_i\lambda_jh_{ij}` of an algorithm, and a bound of the relative errors.

    Parameters
    ----------
    form : HalfPlaneForm
        In balls of shape (1, 1), see `ball_form`.
    eigenvalues : array of shape (N,)
        At each of them the algorithm must be strictly Schur.

    Returns
    -------
    products : array of shape (N, N)
    error : float
        It is inf where nothing is certain.

    Examples
    --------
    SGD has alpha / (lambda_i + lambda_j - alpha lambda_i lambda_j):

    >>> from sgdmem import sgd
    >>> from sgdmem.numeric.noise_sums.mode_summands import ball_form
    >>> products, error = mode_pairs(ball_form([sgd(0.5)]), np.array([2.0, 1.0]))
    >>> products.round(12).tolist(), error < 1e-13
    ([[1.0, 0.5], [0.5, 0.333333333333]], True)
    """
    if len(form.Q) - 1 <= LONGEST:
        return short_memory_pairs(form, eigenvalues)
    chi, mirrored, right = _parts(form, eigenvalues)
    products, largest = np.empty((eigenvalues.size,) * 2), 0.0
    for i, j in _pairs(eigenvalues.size):
        parts = ((getattr(mirrored, part)[j], getattr(chi, part)[i]) for part in ("mid", "rad"))
        lead, error = _first_unknown(Ball(*(_system(*part) for part in parts)), right)
        with np.errstate(all="ignore"):
            value = 2 * eigenvalues[i] * eigenvalues[j] * lead / chi.mid[i, 0]
            # the ratio of leading coefficients, and the roundings of the value
            relative = error / np.abs(lead) + 2 * chi.rad[i, 0] / np.abs(chi.mid[i, 0]) + 8 * UNIT
            relative = relative / (1 - relative)  # to the true value, which may be the smaller one
            certain = (relative >= 0) & (relative < 0.5) & (value > 0) & np.isfinite(value)
        products[i, j] = products[j, i] = value
        largest = max(largest, float(np.where(certain, relative * _INFLATE, np.inf).max()))
    return products, largest


def quick_pairs(form: HalfPlaneForm, eigenvalues: Array) -> Array:
    """Return the products in plain floats, several times faster: for searches, not for proofs."""
    if len(form.Q) - 1 <= LONGEST:
        return quick_short_memory_pairs(form, eigenvalues)
    form = form if isinstance(form.pull, Ball) else form.map(Ball)
    chi, mirrored, right = _parts(form, eigenvalues)
    products = np.empty((eigenvalues.size,) * 2)
    b = np.concatenate([np.zeros(1), right.mid.ravel()])
    for i, j in _pairs(eigenvalues.size):
        A = _system(mirrored.mid[j], chi.mid[i])
        try:
            x = np.linalg.solve(A, b[:, None])
            step = np.linalg.solve(A, b[:, None] - A @ x)[:, 0, 0]
        except np.linalg.LinAlgError:
            return mode_pairs(form, eigenvalues)[0]
        lead = x[:, 0, 0] + step
        if not (np.abs(step) <= _QUICK * np.abs(lead)).all():
            return mode_pairs(form, eigenvalues)[0]
        with np.errstate(all="ignore"):
            products[i, j] = 2 * eigenvalues[i] * eigenvalues[j] * lead / chi.mid[i, 0]
        products[j, i] = products[i, j]
    return products


def _parts(form: HalfPlaneForm, eigenvalues: Array) -> tuple[Ball, Ball, Ball]:
    """Return chi and chi(-z) of each mode, and Q(z) Q(-z): coefficients, highest power first."""
    polynomial = half_plane_polynomial(form, Ball(eigenvalues))
    chi, mirrored = _stacked(polynomial), _stacked(_alternated(polynomial))
    return chi, mirrored, _stacked(multiply(form.Q, _alternated(form.Q)))


def _pairs(count: int) -> Iterator[tuple[Array, Array]]:
    """Return the pairs i <= j, a piece of them at a time."""
    first, second = np.triu_indices(count)
    for start in range(0, first.size, _TOGETHER):
        yield first[start : start + _TOGETHER], second[start : start + _TOGETHER]


def _system(mirrored: Array, chi: Array) -> Array:
    """Return the matrices of the equations of pairs, from the coefficients of both factors."""
    pairs, n = len(chi), chi.shape[1] - 1
    system = np.zeros((pairs, 2 * n, 2 * n))
    for k in range(n):
        system[:, k : k + n + 1, k], system[:, k : k + n + 1, n + k] = mirrored, chi
    return system


def _alternated(polynomial: Sequence[Ball]) -> list[Ball]:
    """Return p(-z), highest power first."""
    degree = len(polynomial) - 1
    return [-x if (degree - k) % 2 else x for k, x in enumerate(polynomial)]


def _stacked(polynomial: Sequence[Ball]) -> Ball:
    """Return coefficients as arrays of shape (N, degree + 1)."""
    mids, rads = ([getattr(x, part).ravel() for x in polynomial] for part in ("mid", "rad"))
    return Ball(*(np.stack(np.broadcast_arrays(*parts), axis=1) for parts in (mids, rads)))


def _first_unknown(system: Ball, right: Ball) -> tuple[Array, Array]:
    """Return the first unknown of each linear system, and bounds of its error.

    The right side, of the last equations, is the same for all: its first one is 0.
    """
    A, radius = system.mid, system.rad
    b, b_radius = (np.concatenate([np.zeros(1), part.ravel()]) for part in (right.mid, right.rad))
    rows = _power_of_two(np.abs(A).max(axis=2))
    columns = _power_of_two((np.abs(A) * rows[:, :, None]).max(axis=1))
    scale = rows[:, :, None] * columns[:, None, :]
    parts = A * scale, radius * scale, b * rows, b_radius * rows
    try:
        R = np.linalg.inv(parts[0])
    except np.linalg.LinAlgError:
        return np.full(len(A), np.nan), np.full(len(A), np.inf)
    first, error = _solution(R, *parts)
    with np.errstate(all="ignore"):
        rough = np.flatnonzero(~(error <= _SHARP * np.abs(first)))
    if rough.size:  # residuals in more digits, which take longer
        chosen = [part[rough] for part in (R, *parts)]
        first[rough], error[rough] = _solution(*chosen, kind=np.longdouble)
    return first * columns[:, 0], error * columns[:, 0]


def _solution(
    R: Array,
    A: Array,
    radius: Array,
    b: Array,
    b_radius: Array,
    *,
    kind: type[np.floating[Any]] = np.float64,
) -> tuple[Array, Array]:
    """Return the first unknowns, and bounds, by approximate inverses; residuals in a kind."""
    size, long, right = A.shape[-1], A.astype(kind), b.astype(kind)

    def residual(x: Array) -> Array:
        if kind is np.float64:
            return np.asarray(b - (A @ x[:, :, None])[:, :, 0])
        return np.asarray(right - (long * x[:, None, :]).sum(axis=2))

    x = (R @ b[:, :, None])[:, :, 0]
    for _ in range(_REFINEMENTS):
        x = x + (R @ residual(x).astype(float)[:, :, None])[:, :, 0]
    unit = max(float(np.finfo(kind).eps), 2.0**-63)
    sizes = (np.abs(A) @ np.abs(x)[:, :, None])[:, :, 0] + np.abs(b)
    left = np.abs(residual(x)).astype(float) + (size + 4) * unit * sizes
    left += (radius @ np.abs(x)[:, :, None])[:, :, 0] + b_radius
    defect, R = np.abs(np.eye(size) - R @ A), np.abs(R)
    shift = (R @ left[:, :, None])[:, :, 0]
    defect = defect + (size + 4) * UNIT * (R @ np.abs(A)) + R @ radius
    rest = defect.sum(axis=2)
    worst = rest.max(axis=1)
    with np.errstate(all="ignore"):
        more = rest[:, 0] * shift.max(axis=1) / (1 - worst)
    return x[:, 0], np.where(worst < 1, shift[:, 0] + more, np.inf)


def _power_of_two(values: Array) -> Array:
    """Return powers of 2 near the inverses: scaling by them is exact."""
    with np.errstate(all="ignore"):
        return np.where(values > 0, 2.0 ** -np.frexp(values)[1], 1.0)
