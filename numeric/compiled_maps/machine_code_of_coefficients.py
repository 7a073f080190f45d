"""The source of the kernel that turns parameters of a family into the numbers of its forms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.numeric.arithmetic.rounding import INFLATE
from sgdmem.numeric.compilation.lowering import ball_lines, radius_of, variable
from sgdmem.numeric.compiled_maps.kernel_modules import compiled_module, cuda_module, indented
from sgdmem.symbolic.programs.program import Program


@lru_cache(maxsize=64)  # a boundary asks for it thousands of times
def coefficient_source(
    program: Program, parameters: Sequence[str], passed: int = 0, cuda: bool = False
) -> str:
    """Return a module with a function that evaluates a `coefficient_program` with error bounds.

    ``coefficients(values, radii, out, out_radii, start, stop)`` takes the parameters, one in a row,
    and fills the rows of the results; on a GPU ``coefficients(members, values, ...)`` without them.

    Parameters
    ----------
    program
        Its results are the first rows.
    parameters
        The rows of ``values`` and ``radii``.
    passed
        How many further rows of ``values`` follow the results as they are.
    """
    lines, names = ball_lines(program, range(len(program.steps)))
    body = [
        f"{variable(name)}, {radius_of(name)} = values[{row}, p], radii[{row}, p]"
        for row, name in enumerate(parameters)
    ] + lines
    rows = range(len(parameters), len(parameters) + passed)
    results = [
        *(names[step] for step in program.outputs),
        *((f"values[{row}, p]", f"radii[{row}, p]") for row in rows),
    ]
    for row, (value, radius) in enumerate(results):
        body.append(f"out[{row}, p] = {value}")
        body.append(f"out_radii[{row}, p] = {f'{INFLATE!r} * {radius}' if radius else '0.0'}")
    if cuda:
        head = "def coefficients(members, values, radii, out, out_radii):"
        loop = "for p in range(cuda.grid(1), members, cuda.gridsize(1)):"
        return cuda_module(head, [loop, *indented(1, body)])
    signature = "f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], i8, i8"
    definition = "def coefficients(values, radii, out, out_radii, start, stop):"
    return compiled_module(
        signature, definition, ["for p in lanes(start, stop):", *indented(1, body)]
    )
