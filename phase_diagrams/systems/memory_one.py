"""Lines of theory in the plane of memory 1, (damping, effective learning rate), derived.

From the conditions and ranges of `sgdmem.symbolic`; nothing is typed in.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.zoo.named_algorithms import memory_one

OfDamping = Callable[[Array], Array]


def upper_line(largest: float, q0: Fraction) -> OfDamping:
    """Return the upper side of Theorem 6's triangle, an effective rate over the damping.

    The inequality of `uniform_conditions` that holds both.

    Examples
    --------
    >>> upper_line(1, Fraction(1, 2))(0.5)
    4.0
    """
    import sympy

    from sgdmem.symbolic.stability.schur import uniform_conditions
    from sgdmem.symbolic.systems.memory_one import only_root

    α, q, δ = _symbols()
    conditions = uniform_conditions(memory_one(α, q, δ), sympy.Rational(largest))
    (upper,) = (one for one in conditions if {α, δ} <= one.free_symbols)
    rate = only_root(upper.lhs - upper.rhs, α)
    line: OfDamping = _function([δ], rate.subs(q, sympy.Rational(q0)))
    return line


def range_ends(q0: Fraction) -> list[Callable[[Array, Array], Array]]:
    """Return where the ranges of eq. (26) end, functions of the damping and the effective rate.

    Examples
    --------
    >>> [end(1e-4, 100) for end in range_ends(Fraction(1, 2))]
    [0.0002, 0.04, 4]
    """
    import sympy

    α, q, δ = _symbols()
    return [_function([δ, α], region.ends.subs(q, sympy.Rational(q0))) for region in _regions()]


def range_end_latex(place: int) -> str:
    r"""Return the end of a range as it is written in a picture.

    Examples
    --------
    >>> print(range_end_latex(0))
    \delta / q_{0}
    """
    import sympy

    top, bottom = sympy.fraction(_regions()[place].ends)
    return f"{sympy.latex(top)} / {sympy.latex(bottom)}"


def zone_lines(largest: float, q0: Fraction) -> tuple[float, OfDamping]:
    """Return where the largest eigenvalue is at the end of the first and of the second range.

    A damping, and an effective rate over the damping.

    Examples
    --------
    >>> damping, rate = zone_lines(1, Fraction(1, 2))
    >>> damping, rate(0.1)
    (0.5, 2.5)
    """
    import sympy

    from sgdmem.symbolic.systems.memory_one import only_root

    α, q, δ = _symbols()
    low, high, _ = (region.ends - sympy.Rational(largest) for region in _regions())
    damping, rate = only_root(low, δ), only_root(high, α)
    value = {q: sympy.Rational(q0)}
    return float(damping.subs(value)), _function([δ], rate.subs(value))


def _function(letters: list[Any], expression: Any) -> Any:
    import sympy

    return sympy.lambdify(letters, expression, "numpy")


@cache
def _symbols() -> tuple[Any, Any, Any]:
    import sympy

    return tuple(sympy.symbols(r"\alpha_{\mathrm{eff}} q_0 \delta", positive=True))


@cache
def _regions() -> list[Any]:
    import sympy

    from sgdmem.symbolic.systems.memory_one import regions

    return regions(*_symbols(), sympy.Dummy("lambda", positive=True))
