r"""Where modes that are alike cease to be stable, in the letters of a paper.

With d modes of one eigenvalue and the noise of :math:`\tau_1,\tau_2` the exact verdict is one
condition,

.. math:: s_\lambda\,(\tau_1d-\tau_2) < B,

beside stability without noise, at whose end s is infinite. Solved for a letter it is the threshold
that papers state: the learning rate of sparse momentum and of MEM-SGD, the sharpness at the edge.
"""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.expressions.tidying import arranged


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
        expression has its end.

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

    B, excess = sympy.sympify(batch_size), sympy.sympify(tau1) * count - tau2
    s = method.noise_summand(eigenvalue)
    top, _ = sympy.fraction(sympy.together(s * excess - B))
    condition = sympy.Poly(sympy.expand(top), of)
    if condition.degree() != 1:
        raise InputError(
            f"the condition must be linear in {of}, so that it has one end; its degree is "
            f"{condition.degree()}"
        )
    slope, rest = condition.all_coeffs()
    parts = sympy.Add.make_args(sympy.apart(sympy.cancel(-slope / rest), batch_size))
    return 1 / sympy.Add(*map(arranged, parts))
