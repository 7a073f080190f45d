r"""Witnesses for coupled noise: vectors of Collatz and Wielandt, in exact numbers.

The radius of :math:`N=\mathrm{diag}(s_i/(1+\tau_{2,i}s_i/B))\,T\,\mathrm{diag}(m)/B` is below 1 if
:math:`x=(1-N)^{-1}1` is positive, and then :math:`Nx=x-1<x`. Otherwise the Perron vector v of one
strongly connected set of modes, 0 elsewhere, has :math:`Nv\ge v`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.perron import perron_vector, strong_components
from sgdmem.numeric.judges.exact_list import ExactFinding, ExactList
from sgdmem.numeric.judges.reason import Reason
from sgdmem.symbolic.algebra.scalars import flint_rational, to_float
from sgdmem.symbolic.errors import UndecidedError

_BITS = tuple(64 * 2**i for i in range(7))
_MOST_EXACT = 48  # modes of a matrix whose kernel is computed exactly


def coupled_witness(modes: ExactList) -> tuple[ExactFinding, dict[str, Any]]:
    """Return on which side of 1 the radius lies, and a vector that shows it.

    Every mode must be strictly Schur, and damped.

    Raises
    ------
    UndecidedError
        If it is closer to 1 than can be told, of more modes than can be treated exactly.
    """
    N = _matrix(modes)
    floats = np.array([[to_float(x) for x in line] for line in N])
    components = strong_components(floats > 0)
    radii = [perron_vector(floats[np.ix_(c, c)])[0] for c in components]
    worst = components[int(np.argmax(radii))]
    for bits in _BITS:
        if max(radii) < 1.5:
            x = _solution(N, Fraction(1), bits)
            if x is not None and min(x) > 0 and _exceeds(x, N, strictly=True):
                return ExactFinding(Reason.STABLE), _witness(x)
        if max(radii) > 0.5:
            v = _perron(N, worst, max(radii), bits)
            if v is not None and _exceeds(v, N, strictly=False):
                same = min(v) > 0 and _image(v, N) == v
                reason = Reason.BOUNDARY if same else Reason.NOISE_SUM
                return ExactFinding(reason), {"by": "noise_sum", **_witness(v)}
    return _exactly_one(N, components)


def _matrix(modes: ExactList) -> list[list[Any]]:
    """Return N, in rational numbers of FLINT."""
    inverse = flint_rational(modes.noise.inverse_batch)
    weights = [flint_rational(weight) for weight in modes.weights]
    N = []
    for i, line in enumerate(modes.coupling):
        top, bottom = modes.share(i)
        share = inverse * top / bottom
        N.append([share * flint_rational(x) * m for x, m in zip(line, weights, strict=True)])
    return N


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
        return [_rounded(x, bits) for x in entries] if all(x.is_finite() for x in entries) else None


def _rounded(value: Any, bits: int) -> Any:
    """Return a rational number near a ball, with so many binary digits."""
    from flint import ctx, fmpq

    with ctx.workprec(bits):
        digits, power = (+value.mid()).mid().man_exp()
    return fmpq(digits) * (fmpq(2) ** int(power) if power >= 0 else 1 / fmpq(2) ** int(-power))


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


def _exactly_one(N: list[list[Any]], components: list[Any]) -> tuple[ExactFinding, dict[str, Any]]:
    """Return the finding where some set of modes has the radius 1 exactly, and its vector."""
    from flint import fmpq_mat

    for modes in components:
        if len(modes) > _MOST_EXACT:
            break
        size = len(modes)
        inner = [N[i][j] - (i == j) for i in modes for j in modes]
        reduced, rank = fmpq_mat(size, size, inner).rref()
        if rank != size - 1:
            continue
        # irreducible: the kernel is the Perron vector, whose last entry is not 0
        kernel = [-reduced[i, size - 1] for i in range(size - 1)] + [0 * reduced[0, 0] + 1]
        if min(kernel) > 0:
            v = [0 * kernel[0]] * len(N)
            for place, x in zip(modes, kernel, strict=True):
                v[place] = x
            reason = Reason.BOUNDARY if size == len(N) else Reason.NOISE_SUM
            return ExactFinding(reason), {"by": "noise_sum", **_witness(v)}
    raise UndecidedError("the noise radius is too close to 1 to be proved on either side of it")
