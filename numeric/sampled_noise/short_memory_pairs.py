r"""Inner products of the impulse responses of pairs of modes in closed form: memory 0 and 1.

With :math:`\hat\chi_i=a_iz^2+b_iz+\lambda_ic` and :math:`\hat Q=qz-c` in the half plane of
`sgdmem.symbolic.algebra.routh`, where a first leading coefficient is :math:`a_i=f-\lambda_im`,

.. math:: h_{ij}=2\,\frac{c\,u+q^2v}{cf^2(\lambda_i-\lambda_j)^2+uv},\qquad
    u=a_ib_j+a_jb_i,\quad v=b_i\lambda_j+b_j\lambda_i,

and without memory, where :math:`\hat\chi_i=a_iz+\lambda_ic`, it is
:math:`2c/(a_i\lambda_j+a_j\lambda_i)`. Under weight decay :math:`d_i=p+\lambda_ic` stands in the
place of :math:`\lambda_ic`; then, with these d in v, it is
:math:`2(c^2u+q^2v)/((fc+mp)^2(\lambda_i-\lambda_j)^2+uv)`, and without memory
:math:`2c^2/(a_id_j+a_jd_i)`. Of strictly Schur modes all coefficients have one sign, so that
nothing cancels: rounding is a few units, and errors of coefficients add up.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_polynomial

LONGEST = 1  # memory
_BLOCK = 2**20  # entries of an array that is held in memory at once
_ROUNDINGS = 32  # of a product, at most
_CERTAIN = 0.5


def short_memory_pairs(form: HalfPlaneForm, eigenvalues: Array) -> tuple[Array, float]:
    r"""Return :math:`\lambda_i\lambda_jh_{ij}` and a bound of the relative errors.

    See `sgdmem.numeric.sampled_noise.mode_pairs.mode_pairs`.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> from sgdmem.numeric.noise_sums.mode_summands import ball_form
    >>> products, error = short_memory_pairs(ball_form([heavy_ball(0.5, 0.5)]), np.array([2.0, 1]))
    >>> products.round(12).tolist(), error < 1e-14
    ([[1.5, 0.666666666667], [0.666666666667, 0.6]], True)
    """
    polynomial = half_plane_polynomial(form, Ball(eigenvalues))
    *coefficients, d = [np.broadcast_to(part.mid.ravel(), eigenvalues.shape) for part in polynomial]
    c, q, f = (float(part.mid.ravel()[0]) for part in (form.pull, form.Q[0], form.fixed[0]))
    apart = c * f * f
    if form.decay is None:
        d = eigenvalues
    else:
        c, apart = c * c, float(_apart(form).mid.ravel()[0]) ** 2
    products = np.empty((eigenvalues.size,) * 2)
    rows = max(1, _BLOCK // eigenvalues.size)
    with np.errstate(all="ignore"):
        for start in range(0, eigenvalues.size, rows):
            some = slice(start, start + rows)
            lam, own = eigenvalues[some, None], d[some, None]
            if len(coefficients) == 1:
                (a,) = coefficients
                values = 2 * c / (a[some, None] * d + a * own)
            else:
                a, b = coefficients
                u = a[some, None] * b + a * b[some, None]
                v = b[some, None] * d + b * own
                gap = lam - eigenvalues
                values = 2 * (c * u + q * q * v) / (apart * (gap * gap) + u * v)
            products[some] = values * (lam * eigenvalues)
    is_certain = np.isfinite(products).all() and products.min() > 0 and _have_one_sign(polynomial)
    return products, _error(form, polynomial) if is_certain else math.inf


def _apart(form: HalfPlaneForm) -> Ball:
    """Return f c + m p, of weight decay."""
    found: Ball = form.fixed[0] * form.pull + form.moving[0] * form.decay
    return found


def _have_one_sign(coefficients: list[Ball]) -> bool:
    lower, upper = (
        min(side.min() for side in sides)
        for sides in ([part.lower for part in coefficients], [-part.upper for part in coefficients])
    )
    return bool(lower > 0 or upper > 0)


def _error(form: HalfPlaneForm, polynomial: list[Ball]) -> float:
    """Return how far products may be off, relative to themselves."""
    parts = (*polynomial[:-1], form.pull, form.Q[0], form.fixed[0])
    *grown, c, q, f = (math.log1p(_relative(part)) for part in parts)
    apart, d = c + 2 * f, 0.0
    if form.decay is not None:
        c, d = 2 * c, math.log1p(_relative(polynomial[-1]))
        apart = 2 * math.log1p(_relative(_apart(form)))
    if len(grown) == 1:
        above, below = c, grown[0] + d
    else:
        a, b = grown
        above, below = b + max(a + c, 2 * q + d), max(apart, a + 2 * b + d)
    error = math.expm1(2 * (above + below) + _ROUNDINGS * UNIT)  # 1 / (1 - e) is below (1 + e)^2
    return error / (1 - error) * (1 + 1e-6) if error < _CERTAIN else math.inf


def _relative(part: Ball) -> float:
    """Return the largest relative error of balls; of exact zeros 0."""
    with np.errstate(all="ignore"):
        return float(np.where(part.rad == 0, 0.0, part.rad / np.abs(part.mid)).max())
