r"""Methods whose poles and zeros interlace: stable for exactly the eigenvalues below one edge.

If the roots of :math:`x\det(x-D)` and those of Q alternate in (-1, 1), :math:`P-\lambda Q` is
strictly Schur exactly for :math:`0<\lambda<2/g`, :math:`g=2Q(-1)/P(-1)` (docs,
theory/larger-memory-construction, propositions 1 and 1a).

No root is computed. With :math:`x=(1+z)/(1-z)` the two are :math:`E=(1+z)\hat D(z)` and
:math:`O=-\hat Q(z)`, and by the theorem of Hermite and Biehler their roots alternate exactly when
:math:`E(s^2)+sO(s^2)` is strictly Hurwitz, which Routh's scheme decides exactly.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import flint_polynomial, fraction_of
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.stability.hidden_modes import keeps_a_hidden_mode
from sgdmem.symbolic.stability.schur import is_hurwitz


def interlacing_edge(algorithm: Algorithm) -> Fraction | None:
    r"""Return 2 / g if poles and zeros interlace; None if they do not, which proves nothing.

    If they do, :math:`P-\lambda Q` is strictly Schur exactly for :math:`0<\lambda<2/g`. A factor
    that :math:`x\det(x-D)` and Q share cancels first, and must be strictly Schur itself.

    Parameters
    ----------
    algorithm : Algorithm
        With rational entries (a float is its exact binary value); any memory, a != 0 included.

    Returns
    -------
    Fraction or None
        An eigenvalue, in units of 1 / learning rate; exact.

    Raises
    ------
    InputError
        If the algorithm has symbols.

    Notes
    -----
    Methods that interlace are positive mixtures of heavy balls: the gradient of k steps ago has the
    weight :math:`\sum_i\mu_id_i^k`, all :math:`\mu_i>0` and :math:`-1<d_i<1`. Among them are SGD,
    with momenta in [0, 1) the heavy ball, Nesterov's method, QHM with nu up to 1 and AggMo, and
    most results of `best_stationary`. A method that shrinks w does not count.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, nesterov, qhm
    >>> interlacing_edge(heavy_ball("0.1", "0.9")), interlacing_edge(nesterov("0.1", "0.9"))
    (Fraction(38, 1), Fraction(95, 7))
    >>> print(interlacing_edge(qhm("0.1", "0.9", "1.2")))
    None
    """
    if require_algorithm(algorithm, "algorithm").is_symbolic:
        raise InputError("interlacing_edge needs an algorithm with rational entries")
    if algorithm.shrink != 0:
        return None
    edge, shares = edge_of_form(algorithm.half_plane_form)
    if edge is None or (shares and keeps_a_hidden_mode(algorithm)):
        return None
    return fraction_of(edge)


def edge_of_form(form: HalfPlaneForm) -> tuple[Any, bool]:
    """Return the edge of a half-plane form in numbers, or None, and whether a factor cancels.

    Of a method that does not shrink w. What cancels is not looked at.
    """
    twice_D, minus_Q = form.fixed, [-q for q in form.Q]
    if not (twice_D[0] > 0 and minus_Q[0] > 0):
        return None, False
    even = flint_polynomial([1, 1]) * flint_polynomial(reversed(twice_D))
    odd = flint_polynomial(reversed(minus_Q))
    shared = even.gcd(odd)
    even, odd = even // shared, odd // shared
    alternating = [x for pair in zip(even, (*odd, None), strict=True) for x in pair][-2::-1]
    if not is_hurwitz(alternating):
        return None, False
    return twice_D[0] / minus_Q[0], len(shared) > 1
