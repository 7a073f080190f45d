r"""DANA-decaying (arXiv 2505.16098) and AM1 (arXiv 2410.04228): how far apart at late t.

Both are traced from what was published, and their entries expanded in powers of 1/t, for a symbolic
t and :math:`\nu`. An entry here is one that does not depend on the scale of the auxiliary vector:
:math:`\alpha`, :math:`bc`, :math:`1-D`, and :math:`\alpha_{\mathrm{eff}}`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import two_rate
from sgdmem.symbolic.zoo.several_momenta import dana_step

ENTRIES = ("alpha", "b c", "1 - D", "alpha_eff")
_ORDERS = 2  # of 1/t that are kept, relative to the leading one


class Power(NamedTuple):
    """A term ``coefficient * t**power``."""

    coefficient: Any
    power: Any


class Late(NamedTuple):
    """An entry of both methods at late t: the leading terms, and how the second one differs.

    ``difference`` is the leading term of (AM1 - DANA) / DANA.
    """

    dana: Power
    am1: Power
    difference: Power


def dana_and_am1(
    nu: Any, scale: Any, gamma_2: Any, gamma_3: Any, kappa_3: Any, damping_exponent: Any = 1
) -> dict[str, Late]:
    r"""Return each entry of DANA-decaying, and of AM1 with the same damping constant and rate.

    Parameters
    ----------
    nu : number or symbol
        Above 1: the exponent that AM1 is made for.
    scale : number or symbol
        :math:`d_0` of AM1 and :math:`\delta` of DANA.
    gamma_2 : number or symbol
        It is :math:`\alpha_2` of AM1.
    gamma_3, kappa_3 : number or expression
        DANA has the velocity rate :math:`\gamma_1\gamma_{3,t}=\gamma_3(1+t)^{-\kappa_3}`.
    damping_exponent : number
        :math:`\bar\delta` of AM1.

    Raises
    ------
    ValueError
        Where it depends on nu which of two terms is larger.

    Examples
    --------
    >>> from sympy import symbols
    >>> nu, d = symbols("nu d", positive=True)
    >>> found = dana_and_am1(nu, d, 1, d ** (1 / nu), 1 / nu)["b c"]
    >>> found.dana == found.am1
    True
    >>> found.difference
    Power(coefficient=-d**(1 - 1/nu), power=-1 + 1/nu)
    """
    import sympy

    t = sympy.Dummy("t", positive=True)
    nu, d, rate, velocity, kappa, power = map(
        sympy.sympify, (nu, scale, gamma_2, gamma_3, kappa_3, damping_exponent)
    )
    damping = d * t**-power
    am1 = _entries(
        two_rate.symbolic(),
        velocity_rate=rate * (damping ** (1 / nu) - damping),
        gradient_rate=rate,
        momentum=1 - damping,
    )
    dana = _entries(
        dana_step.symbolic(),
        gamma_1=1,
        gamma_2=rate,
        gamma_3=velocity * (1 + t) ** -kappa,
        damping=d / (1 + t),
    )
    found = {}
    for name, ours, theirs in zip(ENTRIES, dana, am1, strict=True):
        terms = [_largest(_terms(x, t), nu) for x in (ours, theirs, theirs - ours)]
        other = terms[2]
        relative = Power(
            sympy.powsimp(sympy.expand(other.coefficient / terms[0].coefficient)),
            sympy.expand(other.power - terms[0].power),
        )
        if not _above(relative.power, sympy.Integer(-_ORDERS), nu):
            raise ValueError(f"{name} differs in orders of 1/t that were left out")
        found[name] = Late(terms[0], terms[1], relative)
    return found


def _entries(algorithm: Algorithm, **values: Any) -> list[Any]:
    """Return the entries with parameters that are functions of t."""
    import sympy

    given = {sympy.Symbol(name, real=True): value for name, value in values.items()}
    (b,), (c,), ((D,),) = algorithm.b, algorithm.c, algorithm.D
    every = (algorithm.alpha, b * c, 1 - D, algorithm.effective_learning_rate)
    return [sympy.sympify(entry).subs(given) for entry in every]


def _terms(expression: Any, t: Any) -> dict[Any, Any]:
    """Return coefficients by powers of t, of the first orders of 1/t."""
    import sympy

    x = sympy.Dummy("x", positive=True)

    def expanded(power: Any) -> Any:
        near = sympy.series((1 + x) ** power, x, 0, _ORDERS).removeO()
        return t**power * near.subs(x, 1 / t)

    late = expression.replace(lambda z: z.is_Pow and z.base == 1 + t, lambda z: expanded(z.exp))
    found: dict[Any, Any] = {}
    for term in sympy.Add.make_args(sympy.expand(sympy.expand_power_base(late))):
        coefficient, rest = term.as_independent(t)
        pairs = [factor.as_base_exp() for factor in sympy.Mul.make_args(rest)]
        assert all(base in (t, 1) for base, _ in pairs), term
        power = sympy.expand(sum(exponent for base, exponent in pairs if base == t))
        found[power] = found.get(power, 0) + coefficient
    return found


def _largest(terms: dict[Any, Any], nu: Any) -> Power:
    """Return the leading one of some terms."""
    import sympy

    kept = {power: c for power, x in terms.items() if (c := sympy.simplify(x)) != 0}
    best, *others = kept
    for power in others:
        best = power if _above(power, best, nu) else best
    return Power(kept[best], best)


def _above(one: Any, other: Any, nu: Any) -> bool:
    """Return whether one power is above another, for every nu > 1."""
    import sympy

    beyond = sympy.Dummy("nu - 1", positive=True)
    difference = (one - other).subs(nu, 1 + beyond) if nu.is_Symbol else one - other
    sign = sympy.factor(sympy.together(difference)).is_positive
    if sign is None:
        raise ValueError(f"which of t^({one}) and t^({other}) is larger depends on {nu}")
    return bool(sign)
