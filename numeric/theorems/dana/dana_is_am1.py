r"""DANA-decaying is AM1 of arXiv 2410.04228 with a damping exponent of 1, up to lower orders.

With :math:`\gamma_2=\alpha_2`, :math:`\delta=d_0`, :math:`\kappa_3=1/\nu` and
:math:`\gamma_1\gamma_3=\alpha_2d_0^{1/\nu}` all entries have the same leading terms as t grows. The
second terms differ, (AM1 - DANA) / DANA being :math:`-(d_0/t)^{1-1/\nu}` for :math:`bc` and
:math:`\alpha_{\mathrm{eff}}`, :math:`-d_0/t` for :math:`\alpha`, and :math:`1/t` for :math:`1-D`.

Method: both published updates, traced, and their entries expanded in powers of 1/t by SymPy.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.systems.dana_and_am1 import ENTRIES, dana_and_am1

STATEMENT = Statement(
    "DANA is AM1",
    "arXiv 2505.16098 and 2410.04228, which do not say it",
    tolerance=1e-12,
    reason="exact terms, compared as floats",
)


class Relation(NamedTuple):
    """Which AM1 a DANA is, and by what they differ: (coefficient, power of t) of each entry."""

    damping_exponent: Any
    kappa_3: Any
    gamma_3: Any
    differences: dict[str, tuple[float, float]]


def claim(nu: Any, scale: Any) -> Relation:
    """Return the relation for a spectrum k^-nu and a damping constant, gamma_2 being 1."""
    d, power = float(scale), float(1 - 1 / nu)
    away = -(d**power), -power
    differences = zip(ENTRIES, ((-d, -1), away, (1, -1), away), strict=True)
    return Relation(1, 1 / nu, scale ** (1 / nu), dict(differences))


def check(claim: Claim = claim) -> list[Case]:
    """Compare leading terms and differences for several exponents and damping constants."""
    from sympy import Integer, Rational

    cases = []
    for top, bottom, constant in ((5, 4, 2), (3, 2, 5), (2, 1, 4), (3, 1, 3), (6, 1, 2)):
        nu, scale = Rational(top, bottom), Integer(constant)
        told = claim(nu, scale)
        found = dana_and_am1(nu, scale, 1, told.gamma_3, told.kappa_3, told.damping_exponent)
        for name, (dana, am1, difference) in found.items():
            label = f"nu = {nu}, d_0 = {scale}, {name}"
            same = am1.power == dana.power
            ratio = float(am1.coefficient / dana.coefficient) if same else math.inf
            coefficient, power = told.differences[name]
            cases += [
                Case(f"{label}: ratio of the leading terms", ratio, 1.0),
                Case(f"{label}: power of the difference", float(difference.power), power),
                Case(f"{label}: its coefficient", float(difference.coefficient), coefficient),
            ]
    return cases


def _otherwise(**changed: Any) -> Claim:
    return lambda nu, scale: claim(nu, scale)._replace(
        **{key: value(nu, scale) for key, value in changed.items()}
    )


def _in_all(term: Any) -> Claim:
    return _otherwise(differences=lambda nu, d: dict.fromkeys(ENTRIES, term(float(nu), float(d))))


def _fraction(top: int, bottom: int) -> Any:
    from sympy import Rational

    return Rational(top, bottom)


PERTURBED: dict[str, Claim] = {
    "a damping exponent of 0.95": _otherwise(damping_exponent=lambda nu, d: _fraction(19, 20)),
    "kappa_3 = 1 - 1/nu": _otherwise(kappa_3=lambda nu, d: 1 - 1 / nu),
    "kappa_3 a twentieth larger": _otherwise(kappa_3=lambda nu, d: _fraction(21, 20) / nu),
    "gamma_3 = gamma_2": _otherwise(gamma_3=lambda nu, d: 1),
    "differences of the order 1/t": _in_all(lambda nu, d: (-d, -1.0)),
    "differences of the order t^(-1/nu)": _in_all(lambda nu, d: (-(d ** (1 / nu)), -1 / nu)),
}
