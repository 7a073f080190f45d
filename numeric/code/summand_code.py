"""Source of the noise summand of a family: for Python, Numba and GPUs, from one program."""

from __future__ import annotations

from sgdmem.numeric.machine.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.summand_program import EIGENVALUE


def summand_source(
    program: Program, parameters: tuple[str, ...], shifted: bool, compiler: str
) -> str:
    """Return a module with the function ``summand(lam, *parameters)``.

    For ``njit`` also ``summands(rows, out)`` over arrays, compiled; for ``cuda`` that alone, as a
    flat kernel with strides of the grid.
    """
    lines = plain_lines(program, range(len(program.steps)))
    outputs = plain_outputs(program)
    share, *pivots = [outputs[0], *outputs[2 if shifted else 1 :]]
    good = " & ".join(f"({pivot} > 0.0)" for pivot in pivots)
    bad = " | ".join(f"({pivot} <= 0.0)" for pivot in pivots)
    names = [variable(name) for name in (EIGENVALUE, *parameters)]
    result = f"{names[0]} * {share} if {good} else (inf if {bad} else nan)"
    loads = [f"{name} = rows[{row}, i]" for row, name in enumerate(names)]
    function = [f"def summand({', '.join(names)}):", *lines, f"return {result}"]
    loop = [*loads, *lines, f"out[i] = {result}"]
    options = 'cache=True, nogil=True, error_model="numpy", fastmath={"contract"}'
    text = ["from math import inf, nan", ""]
    if compiler == "cuda":
        steps = "for i in range(cuda.grid(1), rows.shape[1], cuda.gridsize(1)):"
        text += ["from numba import cuda", "", "", "def summands(rows, out):"]
        return "\n".join([*text, f"    {steps}", *(f"        {x}" for x in loop), ""])
    decorated = [""]
    if compiler:
        text += ["from numba import njit", ""]
        signature = f"f8({', '.join(['f8'] * len(names))})"
        decorated = ["", f'@njit("{signature}", {options})']
    text += [*decorated, function[0], *(f"    {x}" for x in function[1:])]
    if compiler:
        text += [
            "",
            "",
            f'@njit("void(f8[:,::1], f8[::1])", {options})',
            "def summands(rows, out):",
        ]
        text += ["    for i in range(rows.shape[1]):", *(f"        {x}" for x in loop)]
    return "\n".join([*text, ""])
