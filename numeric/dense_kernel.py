"""Machine code for noise sums of a family over given eigenvalues, at the speed of plain floats.

Each member's coefficients are computed once; the loop over the eigenvalues is left to the vector
units. For memories 0 and 1 the summand is a quotient of polynomials, and two eigenvalues share a
division; the pivots are linear in the eigenvalue there, so that the two ends tell about stability.
For larger memories the recursion runs at each eigenvalue.

No error bounds: those come with the kernels of maps (`sgdmem.numeric.map_kernel`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.numeric.lowering import plain_lines, plain_outputs
from sgdmem.symbolic.program import Program
from sgdmem.symbolic.summand_program import EIGENVALUE

# A sum may be added up in any order, but what is no number must stay so.
_FAST = 'error_model="numpy", fastmath={"reassoc", "contract", "nsz"}'


@lru_cache(maxsize=64)
def dense_source(
    parameters: tuple[str, ...], summand: Program, shifted: bool, fraction: Program | None
) -> str:
    """Return a module with ``noise_sums(rows, nodes, masses, out, start, stop)``.

    It fills ``out`` from start to stop with the sums of masses times s / lambda, inf where some
    node is not strictly Schur. ``rows`` holds the parameters; the number of nodes is even, the
    first one is the largest and the last one the smallest.

    Parameters
    ----------
    parameters
        The rows.
    summand, shifted
        A `family_summand_program`.
    fraction : Program, optional
        Of the parameters: numerator and denominator of s / lambda, for memories 0 and 1.
    """
    loads = [f"{name} = rows[{row}, p]" for row, name in enumerate(parameters)]
    body = _by_fraction(summand, shifted, fraction) if fraction else _by_recursion(summand, shifted)
    signature = "void(f8[:,::1], f8[::1], f8[::1], f8[::1], i8, i8)"
    lines = [
        "from math import inf, nan",
        "",
        "from numba import njit",
        "",
        "",
        f'@njit("{signature}", cache=True, nogil=True, {_FAST})',
        "def noise_sums(rows, nodes, masses, out, start, stop):",
        "    for p in range(start, stop):",
        *(f"        {line}" for line in [*loads, *body]),
        "        out[p] = total if stable else (inf if unstable else nan)",
    ]
    return "\n".join([*lines, ""])


def _results(summand: Program, shifted: bool) -> tuple[str, list[str]]:
    share, *pivots = plain_outputs(summand)
    return share, pivots[1:] if shifted else pivots


def _by_fraction(summand: Program, shifted: bool, fraction: Program) -> list[str]:
    _, pivots = _results(summand, shifted)
    outputs = plain_outputs(fraction, "f")
    size = (len(outputs) - 1) // 2

    def horner(coefficients: Sequence[str], x: str) -> str:
        value = coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            value = f"({value} * {x} + {coefficient})"
        return value

    ends = plain_lines(summand, range(len(summand.steps)))
    top, bottom = outputs[:size], outputs[size:]
    return [
        "stable, unstable = True, False",
        "for end in (0, nodes.shape[0] - 1):",
        f"    {EIGENVALUE} = nodes[end]",
        *(f"    {line}" for line in ends),
        *(f"    stable &= {pivot} > 0.0" for pivot in pivots),
        *(f"    unstable |= {pivot} <= 0.0" for pivot in pivots),
        "total = 0.0",
        "if stable:",
        *(f"    {line}" for line in plain_lines(fraction, range(len(fraction.steps)), "f")),
        "    half = nodes.shape[0] // 2",
        "    for j in range(half):",
        "        x, y = nodes[j], nodes[half + j]",
        f"        n_x, d_x = masses[j] * {horner(top, 'x')}, {horner(bottom, 'x')}",
        f"        n_y, d_y = masses[half + j] * {horner(top, 'y')}, {horner(bottom, 'y')}",
        "        total += (n_x * d_y + n_y * d_x) / (d_x * d_y)",
    ]


def _by_recursion(summand: Program, shifted: bool) -> list[str]:
    share, pivots = _results(summand, shifted)
    moving = summand.depends_on(EIGENVALUE)
    steps = range(len(summand.steps))
    each = plain_lines(summand, [i for i in steps if moving[i]])
    good = " & ".join(f"({pivot} > 0.0)" for pivot in pivots)
    bad = " | ".join(f"({pivot} <= 0.0)" for pivot in pivots)
    loop = ["for j in range(nodes.shape[0]):", f"    {EIGENVALUE} = nodes[j]"]
    return [
        *plain_lines(summand, [i for i in steps if not moving[i]]),
        "total, positive = 0.0, 0.0",
        *loop,
        *(f"    {line}" for line in each),
        f"    total += masses[j] * {share}",
        f"    positive += 1.0 if {good} else 0.0",
        "stable, unstable = positive == nodes.shape[0], False",
        "if not stable:",  # apart, so that the loop above is not held up
        *(f"    {line}" for line in loop),
        *(f"        {line}" for line in each),
        f"        unstable |= {bad}",
    ]
