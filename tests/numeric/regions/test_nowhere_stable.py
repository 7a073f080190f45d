"""Boxes that are shown to be nowhere stable are unstable at every point, those of faces too."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from sympy import Symbol

from sgdmem.numeric.regions.nowhere_stable import is_nowhere_schur
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials
from sgdmem.symbolic.zoo.families_by_name import find_family

T = Symbol("t", real=True)
ONE = (Fraction(1), Fraction(1))


def asked(family: str, ends: dict[str, Any], curvature: Any = ONE, **fixed: Any) -> bool:
    box = {Symbol(name, real=True): tuple(map(Fraction, x)) for name, x in ends.items()}
    polynomials = find_family(family).varying(list(ends), fixed).symbolic().polynomials
    return is_nowhere_schur(polynomials, box, curvature)  # type: ignore[arg-type]


def largest_root(family: str, values: dict[str, Any], curvature: float, **fixed: Any) -> float:
    P, Q, *_ = (
        [float(x) for x in part] for part in find_family(family)(**values, **fixed).polynomials[1:]
    )
    chi = np.array(P) - curvature * np.array([*Q, 0.0])
    return float(np.abs(np.roots(chi[::-1])).max())


@pytest.mark.parametrize(
    ("family", "fixed"),
    [("heavy-ball", {}), ("nesterov", {}), ("torch-sgd", {"dampening": "0.5"}), ("qhm", {"nu": 2})],
)
def test_random_boxes(family: str, fixed: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    found = {True: 0, False: 0}
    for _ in range(14):
        ends = {
            "learning_rate": sorted(Fraction(int(k), 2) for k in rng.integers(-4, 12, 2)),
            "momentum": sorted(Fraction(int(k), 2) for k in rng.integers(-4, 5, 2)),
        }
        lam = sorted(Fraction(int(k), 2) for k in rng.integers(1, 5, 2))
        shown = asked(family, ends, lam, **fixed)
        shares = (0.0, 0.3, 1.0)
        at = [
            {x: float(a + (b - a) * Fraction(s)) for (x, (a, b)), s in zip(ends.items(), place,
                                                                        strict=True)}
            for place in product(shares, repeat=2)
        ]  # fmt: skip
        radii = [largest_root(family, point, float(end), **fixed) for point in at for end in lam]
        found[shown] += 1
        assert not shown or min(radii) > 1 - 1e-6
    assert min(found.values()) > 1


def test_faces_on_the_boundary_and_boxes_across_it() -> None:
    assert asked("sgd", {"learning_rate": (-1, 0)})
    assert not asked("sgd", {"learning_rate": (-1, "1/1000000")})
    assert asked("sgd", {"learning_rate": (2, 3)})
    assert not asked("sgd", {"learning_rate": ("1.999999", 3)})
    assert asked("heavy-ball", {"learning_rate": (1, 1), "momentum": (1, 2)})
    assert asked("heavy-ball", {"learning_rate": (1, 1), "momentum": (-2, -1)})
    assert not asked("heavy-ball", {"learning_rate": (1, 1), "momentum": (-1, 1)})
    inverse = {"dampening": ("1/2", "3/4")}  # a rate is negative where 1 - dampening times it is
    assert asked("torch-sgd", inverse, learning_rate=-1, momentum=0.5)


@pytest.mark.parametrize(
    ("P", "ends", "shown"),
    [
        ((T, 0, 1), (1, 2), True),  # roots on the imaginary axis
        ((-T, 4, -T / 4, 1), (1, 2), True),  # and another one inside
        ((1 / T, 1), (-2, -1), False),  # of which the root is inside
        ((1 - (7 * T**2 - 5 * T - 1), 1), (0, 1), False),  # at 1 the root is 0
        ((2 + T**2 - 3 * T / 2, 1), (0, 1), True),
    ],
)
def test_each_condition(P: Any, ends: tuple[int, int], shown: bool) -> None:
    none = (0,) * (len(P) - 1)
    box = {T: (Fraction(ends[0]), Fraction(ends[1]))}
    assert is_nowhere_schur(TransferPolynomials(none, P, none, none), box, ONE) is shown
