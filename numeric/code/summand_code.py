"""Source of the noise summand of a family: for Python and Numba, from one program."""

from __future__ import annotations

from sgdmem.numeric.machine.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.summand_program import EIGENVALUE


def summand_source(
    program: Program, parameters: tuple[str, ...], shifted: bool, compiled: bool
) -> str:
    """Return a module with the function ``summand(lam, *parameters)``.

    If ``compiled``, by Numba, also with ``summands(rows, out)`` over arrays.
    """
    lines = plain_lines(program, range(len(program.steps)))
    outputs = plain_outputs(program)
    share, *pivots = [outputs[0], *outputs[2 if shifted else 1 :]]
    good = " & ".join(f"({pivot} > 0.0)" for pivot in pivots)
    bad = " | ".join(f"({pivot} <= 0.0)" for pivot in pivots)
    names = [variable(name) for name in (EIGENVALUE, *parameters)]
    result = f"{names[0]} * {share} if {good} else (inf if {bad} else nan)"
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
