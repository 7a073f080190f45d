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
    return ShortMemoryPairs(form, eigenvalues)[0]


def quick_short_memory_pairs(form: HalfPlaneForm, eigenvalues: Array) -> Array:
    """Return the products alone, without balls: for searches, not for proofs."""
    plain = form.map(lambda x: x.mid if isinstance(x, Ball) else x)
    return ShortMemoryPairs(plain, eigenvalues)[0][0]


class ShortMemoryPairs:
    """What `short_memory_pairs` returns for each of several forms, whose balls are made at once.

    Parameters
    ----------
    form : HalfPlaneForm
        In balls of shape (A, 1); or in floats, for which errors are not known, and 0.
    eigenvalues : array of shape (N,)
    """

    def __init__(self, form: HalfPlaneForm, eigenvalues: Array) -> None:
        in_balls = isinstance(form.pull, Ball)
        polynomial = half_plane_polynomial(form, Ball(eigenvalues) if in_balls else eigenvalues)
        self._eigenvalues = eigenvalues
        members, N = len(_column(form.pull)), eigenvalues.size
        *self._coefficients, d = [np.broadcast_to(_mid(x), (members, N)) for x in polynomial]
        c, self._q, f = (_column(part) for part in (form.pull, form.Q[0], form.fixed[0]))
        self._d, self._apart, self._c = d, c * f * f, c
        if form.decay is None:
            self._d = np.broadcast_to(eigenvalues, d.shape)
        else:
            self._c, self._apart = c * c, _column(_apart(form)) ** 2
        self._errors = np.zeros(members)
        if in_balls:
            self._errors = np.where(_have_one_sign(polynomial), _errors(form, polynomial), np.inf)

    def __len__(self) -> int:
        return len(self._d)

    def __getitem__(self, place: int) -> tuple[Array, float]:
        eigenvalues, d = self._eigenvalues, self._d[place]
        c, q, apart = (float(part[place]) for part in (self._c, self._q, self._apart))
        coefficients = [part[place] for part in self._coefficients]
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
                np.multiply(values, lam * eigenvalues, out=products[some])
        certain = products.min() > 0 and products.max() < math.inf  # and no NaN
        return products, float(self._errors[place]) if certain else math.inf


def _mid(part: Ball | Array) -> Array:
    return part.mid if isinstance(part, Ball) else part


def _column(part: Ball | Array) -> Array:
    return np.asarray(_mid(part)[:, 0])


def _apart(form: HalfPlaneForm) -> Ball:
    """Return f c + m p, of weight decay."""
    found: Ball = form.fixed[0] * form.pull + form.moving[0] * form.decay
    return found


def _have_one_sign(coefficients: list[Ball]) -> Array:
    """Return for which forms all coefficients have one sign, at all eigenvalues."""
    lower = np.min([part.lower.min(axis=1) for part in coefficients], axis=0)
    upper = np.max([part.upper.max(axis=1) for part in coefficients], axis=0)
    return np.asarray((lower > 0) | (upper < 0))


def _errors(form: HalfPlaneForm, polynomial: list[Ball]) -> Array:
    """Return how far products may be off, relative to themselves, for each form."""
    parts = (*polynomial[:-1], form.pull, form.Q[0], form.fixed[0])
    with np.errstate(all="ignore"):
        *grown, c, q, f = (np.log1p(_relative(part)) for part in parts)
        apart, d = c + 2 * f, np.zeros_like(c)
        if form.decay is not None:
            c, d = 2 * c, np.log1p(_relative(polynomial[-1]))
            apart = 2 * np.log1p(_relative(_apart(form)))
        if len(grown) == 1:
            above, below = c, grown[0] + d
        else:
            a, b = grown
            above = b + np.maximum(a + c, 2 * q + d)
            below = np.maximum(apart, a + 2 * b + d)
        # 1 / (1 - e) is below (1 + e)^2
        error = np.expm1(2 * (above + below) + _ROUNDINGS * UNIT)
        return np.where(error < _CERTAIN, error / (1 - error) * (1 + 1e-6), np.inf)


def _relative(part: Ball) -> Array:
    """Return the largest relative error of each form's balls; of exact zeros 0."""
    return np.asarray(np.where(part.rad == 0, 0.0, part.rad / np.abs(part.mid)).max(axis=1))
