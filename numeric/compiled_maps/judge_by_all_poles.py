"""Members of a family judged by all poles of their noise summands, in 106 bits.

What it costs, some microseconds, hardly depends on where the poles lie, nor on the memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.compiled_modules import is_at_hand, load_own
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import ROWS
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.programs.program import SIGNS, Program

_PROGRAMS = "sgdmem.numeric.compiled_maps.program_in_pairs"
_JUDGE = "sgdmem.numeric.compiled_maps.machine_code_of_all_poles"
_SIDE_BY_SIDE = 32
_TASK = 512  # members that a thread takes at a time
_REPAID = 400  # members: one by one they take as long as machine code takes to be made
_REPAID_IMPORT = 80  # members: one by one they take as long as Numba to be imported
_left_out = 0


def pairs(values: Sequence[Fraction]) -> Array:
    """Return the columns of numbers of 106 bits: first halves, second ones, and error bounds."""
    first = Ball.exactly(values)
    found = np.array([first.mid, np.zeros(len(values)), first.rad])
    inexact = np.flatnonzero((first.rad > 0) & np.isfinite(first.mid)).tolist()
    rest = Ball.exactly([values[k] - Fraction(float(first.mid[k])) for k in inexact])
    found[1:, inexact] = rest.mid, rest.rad
    return found


def is_worthwhile(members: int) -> bool:
    """Whether to judge some more members so: the machine code is at hand, or they repay making it.

    All that were left to slower judges before count.
    """
    global _left_out
    enough = _REPAID
    if all(map(is_at_hand, (_PROGRAMS, _JUDGE))):
        enough = 0 if "numba" in sys.modules else _REPAID_IMPORT
    if _left_out + members >= enough:
        return True
    _left_out += members
    return False


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
    run, judge = load_own(_PROGRAMS).run, load_own(_JUDGE).judge
    steps, constants = encoded(family.program, family.parameters)
    outputs = np.array(family.program.outputs)
    short = spectrum.deeply_compressed
    order = np.argsort(-short.nodes, kind="stable")
    nodes = short.nodes[order]
    parts = nodes, short.weights[order] * nodes, short.node_spread, float(short.spreads.max())
    errors = np.zeros_like(short.errors) if spectrum.diverges else short.errors  # there is no sum
    disks = short.centers, short.reaches, errors

    def work(task: slice) -> None:
        values, shares = read(task)
        size = task.stop - task.start
        numbers = np.empty((3, outputs.size, size))
        run(steps, constants, outputs, values, numbers, np.empty((3, len(steps), _SIDE_BY_SIDE)))
        found = np.empty((ROWS, size))
        judge(numbers, family.memory, shares, *parts, *disks, damped, found)
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
