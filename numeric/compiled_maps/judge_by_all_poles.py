"""Members of a family judged by all poles of their noise summands, in 106 bits.

What it costs, some microseconds, hardly depends on where the poles lie, nor on the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.object_code import load_own_code
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import ROWS
from sgdmem.numeric.poles.program_in_pairs import LANES
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.programs.program import SIGNS, Program

KERNELS = tuple(
    f"sgdmem.numeric.{name}"
    for name in (
        "poles.double_double",
        "poles.program_in_pairs",
        "poles.roots_in_floats",
        "poles.crossing_roots",
        "poles.poles_of_summand",
        "compiled_maps.machine_code_of_all_poles",
    )
)
_TASK = 512  # members that a thread takes at a time


def pairs(values: Sequence[Fraction]) -> Array:
    """Return the columns of numbers of 106 bits: first halves, second ones, and error bounds."""
    first = Ball.exactly(values)
    found = np.array([first.mid, np.zeros(len(values)), first.rad])
    inexact = np.flatnonzero((first.rad > 0) & np.isfinite(first.mid)).tolist()
    rest = Ball.exactly([values[k] - Fraction(float(first.mid[k])) for k in inexact])
    found[1:, inexact] = rest.mid, rest.rad
    return found


def judge_by_all_poles(
    family: FamilyProgram,
    members: int,
    spectrum: Spectrum,
    damped: bool,
    read: Callable[[slice], tuple[Array, Array]],
    write: Callable[[slice, Array], None],
    advance: Callable[[int], None] = lambda count: None,
    threads: int | None = None,
) -> None:
    """Evaluate members piece by piece.

    Parameters
    ----------
    family : FamilyProgram
    members
        How many there are.
    spectrum : Spectrum
    damped : bool
        Whether tau2 is not 0.
    read
        Returns parameters of some members as `pairs`, shape (3, K, p), and tau2 / B with bounds of
        errors, shape (2, p); called by several threads.
    write
        Takes the rows of the kernels for these, shape (4, p).
    advance
        Called with the number of members done, for a progress bar.
    threads
        By default as many as there are processors.
    """
    judge = load_own_code(*KERNELS).judge
    steps, constants = encoded(family.program, family.parameters)
    circles = first_angles(family.memory)
    outputs = np.array(family.program.outputs)
    short = spectrum.deeply_compressed
    order = np.argsort(-short.nodes, kind="stable")
    nodes = short.nodes[order]
    parts = nodes, short.weights[order] * nodes, short.node_spread, float(short.spreads.max())
    errors = np.zeros_like(short.errors) if spectrum.diverges else short.errors  # there is no sum
    disks = short.centers, short.reaches, errors

    program = steps, constants, outputs, family.memory

    def work(task: slice) -> None:
        values, shares = read(task)
        space = np.empty(3 * LANES * (values.shape[1] + len(steps)))
        found = np.empty((ROWS, task.stop - task.start))
        judge(*program, values, shares, *parts, *disks, damped, circles, space, found)
        write(task, found)

    work_in_threads(work, pieces(0, members, _TASK), threads, advance)


def encoded(program: Program, parameters: Sequence[str]) -> tuple[Array, Array]:
    """Return a program as the steps and the constants that machine code takes.

    Examples
    --------
    >>> from sgdmem.symbolic.programs.program import trace
    >>> steps, constants = encoded(trace(lambda x: [x * x + 3], ["x"]), ["x"])
    >>> steps.tolist(), constants.tolist()
    ([[0, 0, 0], [4, 0, 0], [1, 0, 0], [2, 1, 2]], [[3.0], [0.0], [0.0]])
    """
    steps: list[tuple[int, int, int]] = []
    constants: list[Fraction] = []
    for kind, *arguments in program.steps:
        if kind == "input":
            steps.append((0, parameters.index(arguments[0]), 0))
        elif kind == "constant":
            steps.append((1, len(constants), 0))
            constants.append(arguments[0])
        else:
            steps.append((2 + SIGNS.index(kind), *arguments))
    return np.array(steps, dtype=int).reshape(-1, 3), pairs(constants)


def first_angles(most: int) -> Array:
    """Return points on the unit circle, real and imaginary parts in turns, as many as the row says.

    They are where roots are looked for first, turned so that they are not symmetric.
    """
    found = np.zeros((most + 1, 2 * most))
    for count in range(1, most + 1):
        angles = 2 * np.pi * np.arange(count) / count + 0.7 + 0.3 * count
        found[count, : 2 * count] = np.array([np.cos(angles), np.sin(angles)]).T.ravel()
    return found
