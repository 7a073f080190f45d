"""DANA and AM1 at late t: the derived terms against the schedules that the library runs."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.acceleration.memory_one import memory_one_rule
from sgdmem.symbolic.systems.dana_and_am1 import ENTRIES, dana_and_am1

NU, D0, RATE = sympy.symbols("nu d_0 gamma_2", positive=True)


def test_leading_terms_agree_and_differences_are_powers() -> None:
    found = dana_and_am1(NU, D0, RATE, RATE * D0 ** (1 / NU), 1 / NU)
    assert tuple(found) == ENTRIES
    assert all(late.dana == late.am1 for late in found.values())
    share = 1 - 1 / NU
    away = (-(D0**share), -share)
    expected = dict(zip(ENTRIES, ((-D0, -1), away, (1, -1), away), strict=True))
    for name, late in found.items():
        ours = zip(late.difference, expected[name], strict=True)
        assert all(sympy.simplify(one - other) == 0 for one, other in ours)


@pytest.mark.parametrize(("nu", "power", "kappa"), [(1.5, 1, 2 / 3), (2, 1, 0.5), (3, 0.75, 0.5)])
def test_they_are_the_schedules(nu: float, power: float, kappa: float) -> None:
    """Also where leading terms differ: ratios of two steps far apart."""
    d0, rate, velocity = 3.0, 0.25, 0.3
    exact = (sympy.Rational(x).limit_denominator(100) for x in (nu, kappa, power))
    nu_, kappa_, power_ = exact
    found = dana_and_am1(nu_, 3, sympy.Rational(1, 4), sympy.Rational(3, 10), kappa_, power_)
    late = []
    for t in (10**12, 10**13):
        rules = memory_one_rule(nu, rate, power, d0), Dana.of(rate, velocity, kappa, d0)
        am1, dana = (rule.steps(t, t + 1) for rule in rules)
        rows = [
            (x.alpha[0], (x.b * x.c).item(), 1 - x.D.item(), x.effective_learning_rates[0])
            for x in (am1, dana)
        ]
        late.append((t, dict(zip(ENTRIES, zip(*rows, strict=True), strict=True))))
    for name, terms in found.items():
        for place, term in enumerate((terms.am1, terms.dana)):
            (first, one), (last, other) = ((t, rows[name][place]) for t, rows in late)
            slope = np.log(other / one) / np.log(last / first)
            assert slope == pytest.approx(float(term.power), abs=1e-3)
            near = float(term.coefficient) * last ** float(term.power)
            assert other == pytest.approx(near, rel=0.03)


def test_what_depends_on_nu_is_said() -> None:
    with pytest.raises(ValueError, match=r"which of .* is larger depends on nu"):
        dana_and_am1(NU, D0, RATE, 1, sympy.Rational(1, 2))
