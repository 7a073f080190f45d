"""Determinants of matrices of numbers and of polynomials."""

from __future__ import annotations

from typing import Any

import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.symbolic.algebra.determinants import determinant


@given(st.integers(1, 4).flatmap(lambda n: st.lists(
    st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=n, max_size=n)))  # fmt: skip
def test_determinant(rows: list[list[int]]) -> None:
    matrix: Any = sympy.Matrix(rows)
    assert determinant([[(x,) for x in row] for row in rows]) == (matrix.det(),)
    linear = [[(x, 1) for x in row] for row in rows]
    value = determinant(linear)
    shifted: Any = sympy.Matrix([[x + 2 for x in row] for row in rows])
    assert sum(c * 2**n for n, c in enumerate(value)) == shifted.det()
