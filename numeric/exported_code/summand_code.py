"""Source of the noise summand of a family: for Python, Numba, NumPy and in kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.summand_program import EIGENVALUE

T = TypeVar("T")


def wanted(results: Sequence[T], shifted: bool) -> list[T]:
    """Return s / lambda and the pivots among a program's results, without s / lambda at w."""
    return [results[0], *results[2 if shifted else 1 :]]


def summand_source(
    program: Program, parameters: tuple[str, ...], shifted: bool, compiled: bool
) -> str:
    """Return a module with the function ``summand(lam, *parameters)``.

    If ``compiled``, by Numba, also with ``summands(rows, out)`` over arrays.
    """
    names, lines, result = _parts(program, parameters, shifted)
    summand = [f"def summand({', '.join(names)}):", *(f"    {x}" for x in lines)]
    summand.append(f"    return {result}")
    head = ["from math import inf, nan", ""]
    if not compiled:
        return "\n".join([*head, "", *summand, ""])
    loads = [f"{name} = rows[{row}, i]" for row, name in enumerate(names)]
    options = 'cache=True, nogil=True, error_model="numpy", fastmath={"contract"}'
    text = [
        *head,
        "from numba import njit",
        "",
        "",
        f'@njit("f8({", ".join(["f8"] * len(names))})", {options})',
        *summand,
        "",
        "",
        f'@njit("void(f8[:,::1], f8[::1])", {options})',
        "def summands(rows, out):",
        "    for i in range(rows.shape[1]):",
        *(f"        {x}" for x in [*loads, *lines, f"out[i] = {result}"]),
    ]
    return "\n".join([*text, ""])


def kernel_source(program: Program, parameters: tuple[str, ...], shifted: bool) -> str:
    """Return a module with the kernel ``summands(rows, out)``, shapes (1 + parameters, n), (1, n).

    The rows are the eigenvalues and the parameters.
    """
    names, lines, result = _parts(program, parameters, shifted)
    loads = [f"{name} = rows[{row}, p]" for row, name in enumerate(names)]
    text = [
        "from math import inf, nan",
        "",
        "from sgdmem.numeric.compilation.kernel_words import lanes, machine_code",
        "",
        "",
        '@machine_code("f8[:,::1], f8[:,::1]", contract=True)',
        "def summands(rows, out):",
        "    for p in lanes(rows.shape[1]):",
        *(f"        {x}" for x in [*loads, *lines, f"out[0, p] = {result}"]),
    ]
    return "\n".join([*text, ""])


def array_source(program: Program, parameters: tuple[str, ...], shifted: bool) -> str:
    """Return a module with the function ``summands(lam, *parameters)`` on arrays of NumPy."""
    share, *pivots = wanted(plain_outputs(program), shifted)
    lam, *others = (variable(name) for name in (EIGENVALUE, *parameters))
    lines = [
        *plain_lines(program, range(len(program.steps))),
        f"pivots = numpy.broadcast_arrays({', '.join(pivots)})",
        "good = numpy.logical_and.reduce([pivot > 0 for pivot in pivots])",
        "bad = numpy.logical_or.reduce([pivot <= 0 for pivot in pivots])",
        f"return numpy.where(good, {lam} * {share}, numpy.where(bad, numpy.inf, numpy.nan))",
    ]
    head = ["import numpy", "", "", f"def summands({', '.join([lam, *others])}):"]
    return "\n".join([*head, *(f"    {line}" for line in lines), ""])


def _parts(
    program: Program, parameters: tuple[str, ...], shifted: bool
) -> tuple[list[str], list[str], str]:
    """Return the names of the eigenvalue and the parameters, lines on them, and what s is."""
    names = [variable(name) for name in (EIGENVALUE, *parameters)]
    share, *pivots = wanted(plain_outputs(program), shifted)
    good = " & ".join(f"({pivot} > 0.0)" for pivot in pivots)
    bad = " | ".join(f"({pivot} <= 0.0)" for pivot in pivots)
    result = f"{names[0]} * {share} if {good} else (inf if {bad} else nan)"
    return names, plain_lines(program, range(len(program.steps))), result
