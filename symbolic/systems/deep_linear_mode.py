r"""One mode of a deep linear network as a stochastic differential equation, derived by Itô's rule.

Aligned layers multiply each mode by one number each, :math:`s=u_1\cdots u_L`. The gradient of the
loss for a layer is that for the product times the other layers. Its mean over batches is G, its
variance D, and in time :math:`t=\eta\cdot` steps layer l moves by

.. math:: du_l=-\prod_{k\ne l}u_k\,(G\,dt+\sqrt{\eta D}\,dW),

with one Wiener process for all layers, as they see the same batch. Balanced layers,
:math:`u_l=u=s^{1/L}`, stay balanced. What follows for s, or any function of it, is derived here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple


class ModeEquation(NamedTuple):
    r"""A stochastic differential equation :math:`dx=a\,dt+b\,dW`, in symbols.

    Attributes
    ----------
    drift, diffusion : sympy expression
        a and b, of the `mode_symbols`.
    """

    drift: Any
    diffusion: Any


@cache
def mode_symbols() -> tuple[Any, Any, Any, Any]:
    """Return s, L, G and eta D as SymPy symbols."""
    import sympy

    return (
        *sympy.symbols("s L", positive=True),
        sympy.Symbol("G"),
        sympy.Symbol("V", positive=True),
    )


@cache
def mode_equation(coordinate: str = "s") -> ModeEquation:
    r"""Return the equation of a mode in a coordinate, for any depth L.

    Parameters
    ----------
    coordinate : {"s", "log", "flat"}
        s; log s; or the one in which the noise does not depend on the layers,
        :math:`-s^{-(1-2/L)}/(1-2/L)/L`, of L > 2, of which log(s)/2 is the limit.

    Examples
    --------
    >>> drift, diffusion = mode_equation()
    >>> print(diffusion)  # V is eta D
    L*sqrt(V)*s**(2 - 2/L)
    >>> print(drift)
    -G*L*s**(2 - 2/L) + L*V*s**(3 - 4/L)*(L - 1)/2
    >>> print(mode_equation("flat").diffusion)
    sqrt(V)
    """
    import sympy

    s, L, G, V = mode_symbols()
    u = sympy.Symbol("u", positive=True)
    f = {"s": u**L, "log": L * sympy.log(u), "flat": -(u ** (2 - L)) / (L - 2)}[coordinate]
    slope, bend = sympy.diff(f, u), sympy.diff(f, u, 2)
    others = u ** (L - 1)
    parts = (-slope * others * G, bend * others**2 * V / 2)
    tidy = [_of_product(part, u, s, L) for part in (*parts, slope * others)]
    return ModeEquation(tidy[0] + tidy[1], tidy[2] * sympy.sqrt(V))


def _of_product(expression: Any, u: Any, s: Any, L: Any) -> Any:
    """Return a power of u, times what does not depend on it, as one of s."""
    import sympy

    power = sympy.simplify(u * sympy.diff(expression, u) / expression)
    rest = sympy.factor(sympy.simplify(expression / u**power))
    return rest * s ** sympy.expand(power / L)
