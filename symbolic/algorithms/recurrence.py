"""From a multistep recurrence to the matrix form (Theorem 1 of arXiv 2410.04228)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.scalars import as_scalar, exact_field, is_float
from sgdmem.symbolic.errors import InputError, shown


def blocks_of_recurrence(p: Sequence[Any], q: Sequence[Any]) -> tuple[Blocks, bool]:
    """Return the algorithm with a = 0 of a recurrence (8), and whether it is given by floats.

    See `Algorithm.from_recurrence`; it is Theorem 1, statement 2.

    Examples
    --------
    >>> blocks_of_recurrence(("-0.9", "1.9"), ("0", "-0.1"))[0].D
    ((Fraction(9, 10),),)
    """
    try:
        p, q = list(p), list(q)
    except TypeError:
        raise InputError(
            f"p and q must be lists of numbers, got {shown(p)} and {shown(q)}"
        ) from None
    floats = any(map(is_float, (*p, *q)))
    size = len(p)
    if size != len(q) or size == 0:
        raise InputError(f"p and q must have the same length >= 1, got {size} and {len(q)}")
    p = [as_scalar(value, f"p[{m}]") for m, value in enumerate(p)]
    q = [as_scalar(value, f"q[{m}]") for m, value in enumerate(q)]
    elements, back = exact_field((*p, *q))
    p_field, q_field = elements[:size], elements[size:]
    excess = sum(p_field) - 1
    if floats and isinstance(excess, Fraction) and abs(excess) <= _rounding(p):
        p_field[-1], excess = p_field[-1] - excess, Fraction(0)
    if excess != 0:
        raise InputError(f"p must sum to exactly 1, but it sums to 1 + ({back(excess)!s:.80})")
    memory = size - 1
    # (x^(M+1) - sum p_m x^m) / (x - 1) by synthetic division, highest power first.
    quotient: list[Any] = [1]
    for m in range(memory, 0, -1):
        quotient.append(quotient[-1] - p_field[m])
    d = quotient[1:]
    alpha = -q_field[memory]
    c = [q_field[memory - 1 - i] - q_field[memory] * d[i] for i in range(memory)]
    zero = 0 * alpha
    D = tuple(
        tuple(-d[i] if j == 0 else zero + 1 if j == i + 1 else zero for j in range(memory))
        for i in range(memory)
    )
    b = tuple(zero + int(i == 0) for i in range(memory))
    return Blocks(alpha, b, tuple(c), D, (zero,) * memory).map(back), floats


def _rounding(p: Sequence[Fraction]) -> Fraction:
    """Return how far a sum of floats that were rounded once or twice may be off."""
    return sum(map(abs, p), start=Fraction(0)) * len(p) / 2**52
