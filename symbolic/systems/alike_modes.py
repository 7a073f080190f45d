r"""Where modes that are alike cease to be stable, in the letters of a paper.

With d modes of one eigenvalue and the noise of :math:`\tau_1,\tau_2` the exact verdict is one
condition,

.. math:: s_\lambda\,(\tau_1d-\tau_2) < B,

beside stability without noise, at whose end s is infinite. Solved for a letter it is the threshold
that papers state: the learning rate of sparse momentum and of MEM-SGD, the sharpness at the edge.
"""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown


def alike_threshold(
    method: Algorithm,
    eigenvalue: Any,
    count: Any,
    batch_size: Any,
    *,
    of: Any,
    tau1: Any = 1,
    tau2: Any = 0,
) -> Any:
    r"""Return the value of a symbol at which alike modes cease to be stable, in symbols.

    Parameters
    ----------
    method : Algorithm
        With symbols, or some.
    eigenvalue, count, batch_size, tau1, tau2 : sympy expression or number
        Of the d modes; :math:`\tau_1\ge\tau_2`.
    of : sympy symbol
        A learning rate or the eigenvalue, say: the method is stable below.

    Returns
    -------
    sympy expression
        One over a sum, of what each batch size brings and of what is left at full batches.

    Raises
    ------
    InputError
        If the condition is not linear in the symbol, as for methods with two edges, so that no one
        expression has its end; and for what is no number or expression.

    Examples
    --------
    >>> from sympy import factor, limit, oo, symbols
    >>> from sgdmem import heavy_ball
    >>> eta, beta, a, d, B = symbols("eta beta a d B", positive=True)
    >>> edge = alike_threshold(heavy_ball(eta, beta), a, d, B, of=a, tau2=-1)
    >>> 1 / edge
    eta/(2*(beta + 1)) + eta*(d + 1)/(2*B*(1 - beta))
    >>> factor(limit(edge, B, oo))  # full batches: 2 (1 + beta) / eta
    2*(beta + 1)/eta
    """
    import sympy

    from sgdmem.symbolic.expressions.tidying import arranged

    if not isinstance(of, sympy.Symbol):
        raise InputError(f"of must be a symbol of SymPy, got {shown(of)}")
    given = {"eigenvalue": eigenvalue, "count": count, "tau1": tau1, "tau2": tau2}
    λ, d, τ1, τ2 = (sympy.sympify(as_scalar(x, name)) for name, x in given.items())
    size = sympy.sympify(as_scalar(batch_size, "batch_size"))
    if size.is_nonpositive or size.has(of):
        raise InputError(f"batch_size must be positive, and without {of}, got {shown(batch_size)}")
    B = size if size.is_Symbol else sympy.Dummy("B", positive=True)
    s = require_algorithm(method, "method").noise_summand(λ)
    top, _ = sympy.fraction(sympy.together(s * (τ1 * d - τ2) - B))
    top = sympy.expand(top)
    degree = sympy.Poly(top, of).degree() if top.is_polynomial(of) else sympy.oo
    if degree != 1:
        raise InputError(
            f"the condition must be linear in {of}, so that it has one end; its degree is {degree}"
        )
    slope, rest = sympy.Poly(top, of).all_coeffs()
    parts = sympy.Add.make_args(sympy.apart(sympy.cancel(-slope / rest), B))
    return 1 / sympy.Add(*(arranged(part.subs(B, size)) for part in parts))
