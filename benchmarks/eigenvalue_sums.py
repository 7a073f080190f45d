"""Noise sums over all eigenvalues as one would write them by hand, in C and in Python.

The library derives the summand, K x (1 + g_1 x + ...) / (1 + d_1 x + ...) at an eigenvalue x, and
K, g and d as functions of the parameters: so much is done once at a point, and the rest for each
eigenvalue, in floats without error bounds and without asking whether a point is stable.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.c_code import FAST, PLAIN, library
from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.programs.program import Program, trace
from sgdmem.symbolic.programs.summand_program import EIGENVALUE, expression_program

Array = NDArray[np.float64]
VARIANTS = {f"plain loop, {PLAIN}": ("in_order", PLAIN), f"in fours, {FAST}": ("fours", FAST)}


@dataclass(frozen=True)
class Sums:
    """What a family's summand is.

    ``numbers`` is the program of (K, g, d) in the parameters, ``fraction`` that of the numerator
    without K, and the denominator, in the eigenvalue and g and d, which it calls c1, c2 and so on.
    """

    parameters: tuple[str, ...]
    numbers: Program
    fraction: Program

    def numbers_at(self, values: dict[str, Array]) -> Array:
        """Return K, g and d, one row each, at points."""
        function = _function(self.numbers, self.parameters, ", ".join)
        found = function(*(values[name] for name in self.parameters))
        return np.array(np.broadcast_arrays(*found))

    @property
    def summand(self) -> Callable[..., Any]:
        """The summand without K, for arrays of any library."""
        inputs = [EIGENVALUE, *_names(len(self.numbers.outputs))]
        return _function(self.fraction, inputs, " / ".join)

    def in_c(
        self, numbers: Array, eigenvalues: Array, processor: str = "native"
    ) -> dict[str, Callable[[], Array]]:
        """Return the sums of two loops in C; the number of eigenvalues is a multiple of 4."""
        size = len(numbers)
        calls: dict[str, Callable[[], Array]] = {}
        loads = [f"double {variable(name)} = c[{i}]" for i, name in enumerate(_names(size), 1)]
        lines = [f"double {x}" for x in plain_lines(self.fraction, range(len(self.fraction.steps)))]
        above, below = plain_outputs(self.fraction)
        header = (
            f"#define NUMBERS {size}\n"
            f"static inline fraction summand(double {variable(EIGENVALUE)}, const double *c) {{\n"
            + "".join(f"const {line};\n" for line in [*loads, *lines])
            + f"return (fraction){{{above}, {below}}};\n}}\n"
        )
        for name, (variant, flags) in VARIANTS.items():
            flags = flags.replace("native", processor)
            function = getattr(library("sums.c", flags, (("summand.h", header),)), variant)
            function.argtypes = [*[ctypes.c_long] * 2, *[ctypes.c_void_p] * 3]
            calls[name] = partial(_called, function, numbers, eigenvalues)
        return calls


@lru_cache
def eigenvalue_sums(family: Family[Any]) -> Sums:
    """Derive the summand of a family."""
    import sympy

    lam, algorithm = sympy.Symbol(EIGENVALUE, positive=True), family.symbolic()
    share = sympy.cancel(sympy.sympify(algorithm.noise_summand(lam)) / lam)
    above, below = (sympy.Poly(x, lam).all_coeffs()[::-1] for x in sympy.fraction(share))
    g, d = ([x / part[0] for x in part[1:]] for part in (above, below))
    wanted = [sympy.factor(x) for x in (above[0] / below[0], *g, *d)]
    parameters = tuple(str(x) for x in sorted(algorithm.free_symbols, key=str))

    def fraction(x: Any, *c: Any) -> list[Any]:
        return [x * _polynomial([1, *c[: len(g)]], x), _polynomial([1, *c[len(g) :]], x)]

    inputs = [EIGENVALUE, *_names(len(wanted))]
    return Sums(parameters, expression_program(wanted, parameters), trace(fraction, inputs))


def _names(count: int) -> list[str]:
    """Return what g and d are called."""
    return [f"c{i}" for i in range(1, count)]


def _polynomial(coefficients: Sequence[Any], x: Any) -> Any:
    total: Any = 0
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def _function(
    program: Program, inputs: Sequence[str], result: Callable[[list[str]], str]
) -> Callable[..., Any]:
    lines = plain_lines(program, range(len(program.steps)))
    lines.append(f"return {result(plain_outputs(program))}")
    scope: dict[str, Any] = {}
    head = f"def function({', '.join(map(variable, inputs))}):"
    exec("\n    ".join([head, *lines]), scope)
    return scope["function"]  # type: ignore[no-any-return]


def _called(function: Any, numbers: Array, eigenvalues: Array) -> Array:
    out = np.empty(numbers.shape[1])
    arrays = (numbers, eigenvalues, out)
    function(out.size, eigenvalues.size, *(array.ctypes.data for array in arrays))
    return out
