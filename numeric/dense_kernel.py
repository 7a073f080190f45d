"""Machine code for noise sums of a family over given eigenvalues, at the speed of plain floats.

Each member's coefficients are computed once; the loop over the eigenvalues is left to the vector
units. For memories 0 and 1 the summand is a quotient of polynomials, and a few eigenvalues share a
division; the pivots are linear in the eigenvalue there, so that the two ends tell about stability.
For larger memories the recursion runs at each eigenvalue.

No error bounds: those come with the kernels of maps (`sgdmem.numeric.map_kernel`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.numeric.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.program import Program
from sgdmem.symbolic.summand_program import EIGENVALUE

TOGETHER = 4  # eigenvalues that share a division at most
# A sum may be added up in any order, but what is no number must stay so.
_FAST = 'error_model="numpy", fastmath={"reassoc", "contract", "nsz"}'


@lru_cache(maxsize=64)
def dense_source(
    parameters: tuple[str, ...],
    summand: Program,
    shifted: bool,
    fraction: Program | None,
    weighted: bool,
) -> str:
    """Return a module with ``noise_sums(rows, nodes, masses, tilted, out, start, stop)``.

    It fills ``out`` from start to stop with the sums of masses times s / lambda, inf where some
    node is not strictly Schur. ``rows`` holds the parameters; the number of nodes is a multiple of
    `TOGETHER`, the first one is the largest and the last one the smallest; ``tilted`` are the
    masses times the distances of the nodes from the largest.

    Parameters
    ----------
    parameters
        The rows.
    summand, shifted
        A `family_summand_program`.
    fraction : Program, optional
        Of the parameters: numerator and denominator of s / lambda, for memories 0 and 1.
    weighted
        Whether the masses differ from the nodes: otherwise they are not looked at.
    """
    loads = [f"{variable(name)} = rows[{row}, p]" for row, name in enumerate(parameters)]
    masses = "masses" if weighted else "nodes"
    if fraction:
        body = _by_fraction(summand, shifted, fraction, masses)
    else:
        body = _by_recursion(summand, shifted, masses)
    signature = "void(f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], i8, i8)"
    lines = [
        "from math import inf, nan",
        "",
        "from numba import njit",
        "",
        "",
        f'@njit("{signature}", cache=True, nogil=True, {_FAST})',
        "def noise_sums(rows, nodes, masses, tilted, out, start, stop):",
        "    for p in range(start, stop):",
        *(f"        {line}" for line in [*loads, *body]),
        "        out[p] = total if stable else (inf if unstable else nan)",
    ]
    return "\n".join([*lines, ""])


def _results(summand: Program, shifted: bool) -> tuple[str, list[str]]:
    share, *pivots = plain_outputs(summand)
    return share, pivots[1:] if shifted else pivots


def _by_fraction(summand: Program, shifted: bool, fraction: Program, masses: str) -> list[str]:
    _, pivots = _results(summand, shifted)
    outputs = plain_outputs(fraction, "f")
    size = (len(outputs) - 1) // 2
    top, bottom = (_without_zeros(part) for part in (outputs[:size], outputs[size:]))
    names = [f"b{k}" for k in range(len(bottom))]
    # relative to its first value the numerator takes one multiply-add and no multiplication
    slope = f"{top[1]} / ({_horner(top, 'nodes[0]')})" if len(top) == 2 else ""
    return [
        "stable, unstable = True, False",
        "for end in (0, nodes.shape[0] - 1):",
        f"    {variable(EIGENVALUE)} = nodes[end]",
        *(f"    {line}" for line in plain_lines(summand, range(len(summand.steps)))),
        *(f"    stable &= {pivot} > 0.0" for pivot in pivots),
        *(f"    unstable |= {pivot} <= 0.0" for pivot in pivots),
        "total = 0.0",
        "if stable:",
        *(f"    {line}" for line in plain_lines(fraction, range(len(fraction.steps)), "f")),
        *([f"    slope = {slope}"] if slope else []),
        # so that products of denominators stay in the range of floats
        f"    scale = 1.0 / {_horner(bottom, 'nodes[0]')}",
        *(f"    {name} = {value} * scale" for name, value in zip(names, bottom, strict=True)),
        *(f"    {line}" for line in _shared_division(names, masses, bool(slope))),
        f"    total *= {_horner(top, 'nodes[0]')} * scale",
    ]


def _shared_division(bottom: Sequence[str], masses: str, sloping: bool) -> list[str]:
    """Return the loop: a few quotients with one division, a/b + c/d = (a d + c b) / (b d)."""
    together = TOGETHER // 2 if sloping else TOGETHER
    lines, quotients = [], []
    for i in range(together):
        place = f"{i} * part + j" if i else "j"
        top = f"{masses}[{place}] - slope * tilted[{place}]" if sloping else f"{masses}[{place}]"
        lines += [f"x{i} = nodes[{place}]", f"n{i}, d{i} = {top}, {_horner(bottom, f'x{i}')}"]
        quotients.append((f"n{i}", f"d{i}"))
    while len(quotients) > 1:
        (a, b), (c, d), *rest = quotients
        lines.append(f"{a}{c}, {b}{d} = {a} * {d} + {c} * {b}, {b} * {d}")
        quotients = [*rest, (f"{a}{c}", f"{b}{d}")]
    ((top, low),) = quotients
    return [
        f"part = nodes.shape[0] // {together}",
        "for j in range(part):",
        *(f"    {line}" for line in [*lines, f"total += {top} / {low}"]),
    ]


def _without_zeros(coefficients: Sequence[str]) -> list[str]:
    """Return the coefficients up to the last one that does not vanish for the whole family."""
    size = max(k for k, value in enumerate(coefficients) if value != "0.0" or k == 0)
    return [*coefficients[: size + 1]]


def _horner(coefficients: Sequence[str], x: str) -> str:
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = f"({value} * {x} + {coefficient})"
    return value


def _by_recursion(summand: Program, shifted: bool, masses: str) -> list[str]:
    share, pivots = _results(summand, shifted)
    moving = summand.depends_on(EIGENVALUE)
    steps = range(len(summand.steps))
    each = plain_lines(summand, [i for i in steps if moving[i]])
    good = " & ".join(f"({pivot} > 0.0)" for pivot in pivots)
    bad = " | ".join(f"({pivot} <= 0.0)" for pivot in pivots)
    loop = ["for j in range(nodes.shape[0]):", f"    {variable(EIGENVALUE)} = nodes[j]"]
    return [
        *plain_lines(summand, [i for i in steps if not moving[i]]),
        "total, positive = 0.0, 0.0",
        *loop,
        *(f"    {line}" for line in each),
        f"    total += {masses}[j] * {share}",
        f"    positive += 1.0 if {good} else 0.0",
        "stable, unstable = positive == nodes.shape[0], False",
        "if not stable:",  # apart, so that the loop above is not held up
        *(f"    {line}" for line in loop),
        *(f"        {line}" for line in each),
        f"        unstable |= {bad}",
    ]
