"""What one operation with error bounds must hold, in the source of kernels."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.rounding import INFLATE, UNIT
from sgdmem.numeric.compilation.lowering import ball_lines
from sgdmem.symbolic.programs.program import trace
from tests.numeric.compiled_maps.plain_kernels import Kernel

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x + y,
    "difference": lambda x, y: x - y,
    "product": lambda x, y: x * y,
    "third": lambda x, y: x * Fraction(1, 3) + 0 * y,
    "more": lambda x, y: Fraction(-1, 3) + x + 0 * y,
    "inverse": lambda x, y: 1 / x + 0 * y,
    "quotient": lambda x, y: x / y,
}


def operation_source(name: str) -> str:
    """Return a function of two numbers with radii for one operation."""
    program = trace(lambda x, y: [OPERATIONS[name](x, y)], ["x", "y"])
    lines, names = ball_lines(program, range(len(program.steps)))
    value, radius = names[program.outputs[0]]
    body = [*lines, f"return {value}, {radius or '0.0'}"]
    head = "def operation(v_x, r_x, v_y, r_y):"
    return "\n".join([head, *(f"    {line}" for line in body)])


def check_operation(name: str, operation: Kernel) -> None:
    """Corners of balls are held, exact numbers stay sharp, and beyond the range nothing is said."""
    rng = np.random.default_rng(1)
    pairs = [
        (3.0, 2.0, 5.0, 1.0), (-3.0, 2.0, 5.0, 1.0), (3.0, 1.0, -5.0, 4.0), (1.0, 0.0, 3.0, 0.0),
        (0.0, 1.0, 4.0, 2.0), (-6.0, 0.0, -3.0, 1.0), (4.0, 0.5, 3.0, 0.0), (2.0, 1.0, 0.0, 0.0),
    ]  # fmt: skip
    if name in ("product", "third"):  # underflows
        pairs += [(1e-200, 0.0, 1e-200, 0.0), (5e-324, 0.0, 0.25, 0.0)]
    pairs += [(x, 0.0, y, 0.0) for x, y in rng.uniform(0.5, 2, (20, 2)).tolist()]
    pairs += [(x, 1e-200 * x, y, 0.0) for x, y in rng.uniform(0.5e-150, 2e-150, (4, 2)).tolist()]
    for x, dx, y, dy in pairs:
        value, radius = operation(*map(np.float64, (x, dx, y, dy)))
        corners: list[Fraction] = []
        for sign, other in product((-1, 1), repeat=2):
            a, b = Fraction(x) + sign * Fraction(dx), Fraction(y) + other * Fraction(dy)
            try:
                corners.append(OPERATIONS[name](a, b))
            except ZeroDivisionError:
                corners = []
                break
        divisor = {"inverse": (x, dx), "quotient": (y, dy)}.get(name, (1.0, 0.0))
        beyond = not 1e-145 < abs(divisor[0]) < 1e145
        if beyond or not abs(divisor[0]) > divisor[1]:
            assert not radius < math.inf
            continue
        assert radius >= 0
        room = Fraction(float(radius)) * Fraction(INFLATE)
        assert all(abs(Fraction(float(value)) - corner) <= room for corner in corners)
        worst = max(float(abs(Fraction(float(value)) - corner)) for corner in corners)
        units = 6 * UNIT if name in ("inverse", "quotient", "third", "more") else 1.01 * UNIT
        assert radius <= worst * (1 + 1e-8) + units * abs(value) + 2.1e-300
        if dx == dy == 0:  # of one rounding at least
            assert radius >= 0.99 * UNIT * abs(value)
    if name in ("inverse", "quotient"):
        for divisor_of in ((1.0, 1.0), (1.0, 1 - 2.0**-45), (0.0, 0.0), (1e-160, 0.0), (1e160, 0.0),
                           (math.nan, 0.0), (1.0, math.nan), (-1.0, 1.0)):  # fmt: skip
            given = (*divisor_of, 1.0, 0.0) if name == "inverse" else (1.0, 0.0, *divisor_of)
            assert not operation(*map(np.float64, given))[1] < math.inf
