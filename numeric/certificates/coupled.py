r"""Witnesses for coupled noise: vectors of Collatz and Wielandt, in exact numbers.

The radius of :math:`N=\mathrm{diag}(s_i/(1+\tau_{2,i}s_i/B))\,T\,\mathrm{diag}(m)/B` is below 1 if
:math:`x=(1-N)^{-1}1` is positive, and then :math:`Nx=x-1<x`. Otherwise the Perron vector v of one
strongly connected set of modes, 0 elsewhere, has :math:`Nv\ge v`. On the boundary there is such a
vector of each set, in an order in which noise comes from earlier sets only.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.perron import perron_vector, strong_components
from sgdmem.numeric.certificates.rounding import rounded_ball
from sgdmem.numeric.judges.exact_list import ExactFinding, ExactList
from sgdmem.numeric.judges.reason import Reason
from sgdmem.symbolic.algebra.scalars import flint_rational, to_float
from sgdmem.symbolic.errors import UndecidedError

_BITS = tuple(64 * 2**i for i in range(7))
_NEAR = 1e-9  # to 1, where a radius is asked to be 1 exactly
_MOST_EXACT = 48  # modes of a matrix whose kernel is computed exactly


def coupled_witness(modes: ExactList) -> tuple[ExactFinding, dict[str, Any]]:
    """Return on which side of 1 the radius lies, and a vector that shows it.

    Every mode must be strictly Schur, and damped.

    Raises
    ------
    UndecidedError
        If it is closer to 1 than can be told, of more modes than can be treated exactly.
    """
    N = modes.matrix()
    floats = np.array([[to_float(x) for x in line] for line in N])
    linked = np.array([[x != 0 for x in line] for line in N])
    components = _ordered(strong_components(linked), linked)
    radii = [perron_vector(floats[np.ix_(c, c)])[0] for c in components]
    worst = components[int(np.argmax(radii))]
    if abs(max(radii) - 1) < _NEAR:
        witness = _exactly_one(N, components)
        if witness is not None:
            return ExactFinding(Reason.BOUNDARY), {"by": "noise_sum", **witness}
    for bits in _BITS:
        if max(radii) < 1.5:
            x = _solution(N, Fraction(1), bits)
            if x is not None and min(x) > 0 and _exceeds(x, N, strictly=True):
                return ExactFinding(Reason.STABLE), _witness(x)
        if max(radii) > 0.5:
            v = _perron(N, worst, max(radii), bits)
            if v is not None and _exceeds(v, N, strictly=False):
                return ExactFinding(Reason.NOISE_SUM), {"by": "noise_sum", **_witness(v)}
    raise UndecidedError("the noise radius is too close to 1 to be proved on either side of it")


def _ordered(components: list[Any], linked: Any) -> list[Any]:
    """Return sets of modes in an order in which each gets noise from itself and earlier ones."""
    left, order = list(components), list[Any]()
    while left:
        for modes in left:
            others = [j for other in left if other is not modes for j in other]
            if not linked[np.ix_(modes, others)].any():
                break
        order.append(modes)
        left = [other for other in left if other is not modes]
    return order


def _witness(vector: list[Any]) -> dict[str, Any]:
    return {"vector": [str(x) for x in vector]}


def _exceeds(v: list[Any], N: list[list[Any]], strictly: bool) -> bool:
    """Whether N v < v, or, not strictly, N v >= v, exactly."""
    image = _image(v, N)
    if strictly:
        return all(y < x for x, y in zip(v, image, strict=True))
    return all(y >= x for x, y in zip(v, image, strict=True))


def _image(v: list[Any], N: list[list[Any]]) -> list[Any]:
    return [sum((a * x for a, x in zip(line, v, strict=True) if x != 0), 0 * v[0]) for line in N]


def _solution(N: list[list[Any]], shift: Any, bits: int, right: Any = None) -> list[Any] | None:
    """Return numbers of so many bits near (shift - N)^{-1} times a vector, by default of ones."""
    from flint import arb, arb_mat, ctx

    size = len(N)
    with ctx.workprec(2 * bits):
        A = arb_mat([[arb(flint_rational(shift) * (i == j) - x) for j, x in enumerate(line)]
                     for i, line in enumerate(N)])  # fmt: skip
        ones = [1] * size if right is None else right
        try:
            found = A.solve(arb_mat([[arb(x)] for x in ones]))
        except ZeroDivisionError:
            return None
        entries = [found[i, 0] for i in range(size)]
        return (
            [rounded_ball(x, bits) for x in entries]
            if all(x.is_finite() for x in entries)
            else None
        )


def _perron(N: list[list[Any]], modes: Any, radius: float, bits: int) -> list[Any] | None:
    """Return a vector near the Perron vector of some modes, 0 for the others."""
    inner = [[N[i][j] for j in modes] for i in modes]
    shift, found = Fraction(radius) * (1 + Fraction(1, 2**36)), None
    for _ in range(1 + bits // 30):  # each step of inverse iteration gives some 30 bits
        found = _solution(inner, shift, bits, found)
        if found is None or min(found) <= 0:
            return None
        largest = max(found)
        found = [x / largest for x in found]
    assert found is not None
    whole = [0 * found[0]] * len(N)
    for place, x in zip(modes, found, strict=True):
        whole[place] = x
    return whole


def _exactly_one(N: list[list[Any]], components: list[Any]) -> dict[str, Any] | None:
    """Return vectors that show that some sets of modes have the radius 1, and no set a larger one.

    None if it is not shown.
    """
    vector, found = [0 * N[0][0]] * len(N), False
    for modes in components:
        inner = [[N[i][j] for j in modes] for i in modes]
        kernel = _kernel(inner)
        found = found or kernel is not None
        own = kernel or _solution(inner, Fraction(1), _BITS[0])
        if own is None or min(own) <= 0 or not (kernel or _exceeds(own, inner, strictly=True)):
            return None
        for i, x in zip(modes, own, strict=True):
            vector[i] = x
    sets = [[int(i) for i in modes] for modes in components]
    return {**_witness(vector), "sets": sets} if found else None


def _kernel(inner: list[list[Any]]) -> list[Any] | None:
    """Return the Perron vector of a connected set of modes, if its radius is 1 exactly."""
    from flint import fmpq_mat

    size = len(inner)
    if size > _MOST_EXACT:
        return None
    less = [inner[i][j] - (i == j) for i in range(size) for j in range(size)]
    reduced, rank = fmpq_mat(size, size, less).rref()
    if rank != size - 1:
        return None
    # the set is connected: the Perron vector's last entry is not 0
    kernel = [-reduced[i, size - 1] for i in range(size - 1)] + [0 * reduced[0, 0] + 1]
    return kernel if min(kernel) > 0 else None
