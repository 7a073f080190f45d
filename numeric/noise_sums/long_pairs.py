r"""Inner products of the impulse responses of pairs of modes, of algorithms of long memory.

With simple roots :math:`x_a` of :math:`\chi_i=P-\mu_iQ`, of degree n, mode i responds with
:math:`g_i(t)=\sum_ar_ax_a^t`, where :math:`r_a=Q(x_a)/\chi_i'(x_a)`; and
:math:`\sum_tg_j(t)y^t` is :math:`y^{n-1}Q(1/y)/(y^n\chi_j(1/y))`. So

.. math:: h_{ij}=\sum_tg_i(t)g_j(t)=\sum_a\frac{r_a/x_a}{z_a-\mu_j},\qquad z_a=\frac PQ(1/x_a),

a sum over as many poles as mode i has roots (`sgdmem.numeric.noise_sums.summand_poles`): pairs of N
modes cost N times the roots of one, and :math:`N^2(M+1)` divisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.noise_sums.summand_poles import complex_ball, sum_over_poles
from sgdmem.symbolic.algebra.polynomials import Polynomial
from sgdmem.symbolic.algebra.scalars import flint_polynomial, flint_rational, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_PRECISION, _MORE = 128, 4  # bits of roots, and for each of them
_LOST = 1e-7  # of the sizes of what is added up, below which floats do not tell a sum
_INFLATE = 1 + 1e-6  # bounds are rounded to nearest; the terms are far fewer than a million


def long_pairs(
    algorithm: Algorithm, weight_decay: Fraction, eigenvalues: Array
) -> tuple[Array, float]:
    r"""Return :math:`\lambda_i\lambda_jh_{ij}`, and a bound of the relative errors.

    At each of the eigenvalues the algorithm, of rational entries, must be strictly Schur. The bound
    is inf where nothing is certain: if roots coincide, or one is 0.

    Examples
    --------
    >>> from sgdmem import sgd
    >>> products, error = long_pairs(sgd(0.5), Fraction(0), np.array([1.0, 0.5]))
    >>> products.round(6).tolist(), error < 1e-13
    ([[0.333333, 0.2], [0.2, 0.142857]], True)
    """
    _, P, Q, _ = algorithm.polynomials
    return _long_pairs(P, Q, weight_decay, eigenvalues.tobytes())


@lru_cache(maxsize=2)  # a verdict asks several times
def _long_pairs(
    P: Polynomial, Q: Polynomial, weight_decay: Fraction, eigenvalues: bytes
) -> tuple[Array, float]:
    lam = np.frombuffer(eigenvalues)
    p, q = _reduced(P, Q)
    if not q:  # nothing is driven
        return np.zeros((lam.size,) * 2), np.inf
    drift = Ball(lam) + weight_decay if weight_decay else Ball(lam)
    rows = []
    for x in lam.tolist():
        poles = _poles(p, q, Fraction(x) + weight_decay)
        if poles is None:
            return np.full((lam.size,) * 2, np.nan), np.inf
        rows.append(sum_over_poles(*poles, drift))
    mid, rad = (np.stack([getattr(row, part) for row in rows]) for part in ("mid", "rad"))
    better = rad > rad.T  # both are enclosures
    mid, rad = np.where(better, mid.T, mid), np.minimum(rad, rad.T)
    with np.errstate(all="ignore"):
        relative = rad / np.abs(mid) + 8 * UNIT
        relative = relative / (1 - relative)  # to the true value, which may be the smaller one
        products = mid * lam * lam[:, None]
        certain = (relative >= 0) & (relative < 0.5) & (products > 0) & np.isfinite(products)
        error = float(np.where(certain, relative * _INFLATE, np.inf).max())
    products.flags.writeable = False
    return products, error


def _poles(p: Any, q: Any, mu: Fraction) -> tuple[Ball, Ball] | None:
    """Return z and r / x of a mode, as `SummandPoles` has them; None if roots coincide."""
    from flint import ctx, fmpq_poly

    n = p.degree()
    chi = p - flint_rational(mu) * q
    with ctx.workprec(_PRECISION + _MORE * n):
        found = chi.numer().complex_roots()
        if any(multiplicity > 1 for _, multiplicity in found):
            return None
        roots = [x for x, _ in found if not x.imag < 0]
        twice = [1 if x.imag == 0 else 2 for x in roots]
        mirrored = [fmpq_poly([row[n - k] for k in range(n + 1)]) for row in (p, q)]
        tops = [_values(row, roots) for row in (*mirrored, q, chi.derivative())]
        triples = list(zip(roots, twice, *tops, strict=True))
        # x^n P(1/x) over x^n Q(1/x)
        z = complex_ball([P / Q for _, _, P, Q, _, _ in triples])
        weights = complex_ball([k * r / slope / x for x, k, _, _, r, slope in triples])
    return (z, weights) if np.isfinite(z.rad).all() and np.isfinite(weights.rad).all() else None


def _values(polynomial: Any, points: Sequence[Any]) -> list[Any]:
    top, bottom = polynomial.numer(), polynomial.denom()
    return [top(x) / bottom for x in points]


@lru_cache(maxsize=16)
def _reduced(P: Polynomial, Q: Polynomial) -> tuple[Any, Any]:
    """Return P and Q without the factor that they have in common."""
    p, q = flint_polynomial(P), flint_polynomial(Q)
    common = p.numer().gcd(q.numer())
    return p / common, q / common


def quick_long_pairs(algorithm: Algorithm, weight_decay: Fraction, eigenvalues: Array) -> Array:
    """Return the products in plain floats, several times faster: for searches, not for proofs."""
    _, P, Q, _ = algorithm.polynomials
    if not any(Q):  # nothing is driven
        return np.zeros((eigenvalues.size,) * 2)
    p, q = map(_floats, _reduced(P, Q))
    n, mu = len(p) - 1, eigenvalues + to_float(weight_decay)
    q = np.append(q, np.zeros(n + 1 - len(q)))
    chi = p - mu[:, None] * q
    companion = np.tile(np.eye(n, k=-1), (mu.size, 1, 1))
    companion[:, :, -1] = -chi[:, :-1] / chi[:, -1:]
    with np.errstate(all="ignore"):
        x = (
            np.linalg.eigvals(companion)
            if np.isfinite(companion).all()
            else np.full((1, n), np.nan)
        )
        slope = _horner(chi[:, 1:] * np.arange(1, n + 1), x)
        for _ in range(2):
            x = x - _horner(chi, x) / slope
            slope = _horner(chi[:, 1:] * np.arange(1, n + 1), x)
        weights = _horner(q[None], x) / slope / x
        z = _horner(p[None, ::-1], x) / _horner(q[None, ::-1], x)
        products, size = np.zeros((2, mu.size, mu.size))
        for k in range(n):
            terms = weights[:, k, None] / (z[:, k, None] - mu)
            products += terms.real
            size += np.abs(terms)
    if not (products > size * _LOST).all():
        return long_pairs(algorithm, weight_decay, eigenvalues)[0]
    return np.asarray((products + products.T) / 2 * eigenvalues * eigenvalues[:, None])


def _floats(polynomial: Any) -> Array:
    top, bottom = polynomial.numer(), polynomial.denom()
    return np.array([to_float(Fraction(int(x), int(bottom))) for x in top])


def _horner(rows: Array, x: Array) -> Array:
    """Return values of polynomials, a row of coefficients each, lowest power first."""
    value = np.zeros_like(x, dtype=complex)
    for k in reversed(range(rows.shape[1])):
        value = value * x + rows[:, k, None]
    return value
