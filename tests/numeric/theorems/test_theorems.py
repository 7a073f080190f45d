"""Every numbered statement passes its check, and the check rejects false ones."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from typing import Any

import pytest
from scipy.special import zeta

from sgdmem.numeric.theorems.check import FEWEST_CASES, Case, CheckResult, widen
from sgdmem.numeric.theorems.noise_summands import power_law_sum
from sgdmem.numeric.theorems.registry import (
    STATEMENTS,
    find_statement,
    statement_module,
    verify,
)
from sgdmem.symbolic.errors import InputError

SLOW = {
    "Theorem 3",
    "Theorem 5",
    "Theorem 8",
    "Equation (27)",
    "Losses of DANA and AM1",
    "Growth of learning rates",
    "Exponents of restarts",
    "Universal bound",
}  # more than two seconds
USUAL = 2  # false claims of a statement that every run tries
WRITTEN = [
    name for name, file in STATEMENTS.items() if find_spec(f"sgdmem.numeric.theorems.{file}")
]


def perturbed() -> list[Any]:
    return [
        pytest.param(
            *(name, false),
            marks=pytest.mark.exhaustive if name in SLOW or number >= USUAL else [],
            id=f"{name}-{false}",
        )
        for name in WRITTEN
        for number, false in enumerate(statement_module(name).PERTURBED)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITTEN)
def test_statement_holds(name: str) -> None:
    (result,) = verify(name)
    assert result.passed, result.worst
    assert len(result.cases) >= FEWEST_CASES
    labels = [case.label for case in result.cases]
    assert len(set(labels)) == len(labels)
    assert all(math.isfinite(x) for case in result.cases for x in (case.computed, case.theory))
    assert json.loads(json.dumps(result.to_dict()))["passed"] is True


@pytest.mark.parametrize("name", WRITTEN)
def test_statement_is_described(name: str) -> None:
    module = statement_module(name)
    assert module.STATEMENT.name == name
    assert module.__doc__ is not None
    assert "Method:" in module.__doc__
    assert len(module.PERTURBED) >= 2
    assert 0 <= module.STATEMENT.tolerance < 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("name", "false"), perturbed())
def test_false_claim_is_rejected(name: str, false: str) -> None:
    module = statement_module(name)
    cases = tuple(module.check(module.PERTURBED[false]))
    assert CheckResult(module.STATEMENT, cases).passed is False


@pytest.mark.parametrize("name", ["theorem 4", "THEOREM 4", "Theorem4"])
def test_statement_is_found(name: str) -> None:
    assert find_statement(name) == "Theorem 4"


def test_statement_with_brackets_is_found() -> None:
    assert find_statement("equation 25") == find_statement("Equation (25)") == "Equation (25)"


@pytest.mark.parametrize("name", ["", "Theorem", "Theorem 9", "25"])
def test_unknown_statement(name: str) -> None:
    with pytest.raises(InputError, match="unknown statement"):
        find_statement(name)


@pytest.mark.parametrize(
    ("computed", "theory", "error"),
    [
        *((1.5, 1.0, 0.5), (0.5, 0.0, 0.5), (3, -2.0, 2.5)),
        *((math.inf, math.inf, 0.0), (math.nan, 1.0, math.inf), (1.0, math.nan, math.inf)),
    ],
)
def test_error_of_a_case(computed: float, theory: float, error: float) -> None:
    assert Case("", computed, theory).error == error


@pytest.mark.parametrize(
    ("ratio", "error"), [(0.5, 0.0), (1.0, 0.0), (1.5, 0.5), (math.inf, math.inf)]
)
def test_error_of_a_ratio(ratio: float, error: float) -> None:
    assert Case.within("", ratio).error == error


def test_what_is_not_a_number_fails() -> None:
    assert Case.within("", math.nan).error == math.inf
    for one, other in ((math.nan, 1.0), (1.0, math.nan)):
        largest = {"ratio": one}
        widen(largest, {"ratio": other})
        assert math.isnan(largest["ratio"])


@pytest.mark.parametrize("exponent", [1.3, 2.0, 3.0])
def test_power_law_sum(exponent: float) -> None:
    total = power_law_sum(lambda lam: lam / (1 + lam), exponent, 1.0, 1e-14)
    series = sum((-1) ** n * (float(zeta((n + 1) * exponent)) - 1) for n in range(60))
    assert total == pytest.approx(0.5 + series, rel=1e-12)
