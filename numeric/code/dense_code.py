"""Machine code for noise sums of a family over given eigenvalues, at the speed of plain floats.

Each member's coefficients are computed once; the loop over the eigenvalues is left to the vector
units. For memories 0 and 1 the summand is a quotient of polynomials, and two eigenvalues share a
division; the pivots are linear in the eigenvalue there, so that the two ends tell about stability.
Where it has a single pole, the kernel leaves the sum to `sgdmem.numeric.code.pole_groups`. For
larger memories the recursion runs at each eigenvalue.

No error bounds: those come with the kernels of maps (`sgdmem.numeric.maps.node_code`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.numeric.code.pole_groups import FARTHEST, NEAREST
from sgdmem.numeric.machine.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.summand_program import EIGENVALUE

# Denominators whose leading coefficient is in this range, relative to their value at the largest
# eigenvalue, are divided by it: products of them remain in the range of floats.
_LEADING = 1e-60, 1e60
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
    """Return a module with ``noise_sums(rows, nodes, masses, tilted, poles, out, start, stop)``.

    It fills ``out`` from start to stop with the sums of masses times s / lambda, inf where some
    node is not strictly Schur. ``rows`` holds the parameters; the number of nodes is even, the
    first one is the largest and the last one the smallest; ``tilted`` are the masses times the
    distances of the nodes from the largest.

    Where the module's ``SINGLE_POLE`` is true, ``poles`` receives how far beyond the largest node
    the pole of s / lambda is, relative to that node, and ``out`` a factor: what is left to do is
    `sgdmem.numeric.code.pole_groups.multiply_by_pole_sums`. Members with a pole of 0 are complete.

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
    single_pole = False
    if fraction:
        body, single_pole = _by_fraction(summand, shifted, fraction, masses)
    else:
        body = _by_recursion(summand, shifted, masses)
    signature = "void(f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8, i8)"
    lines = [
        "from math import inf, nan",
        "",
        "from numba import njit",
        "",
        f"SINGLE_POLE = {single_pole}",
        "",
        "",
        f'@njit("{signature}", cache=True, nogil=True, {_FAST})',
        "def noise_sums(rows, nodes, masses, tilted, poles, out, start, stop):",
        "    for p in range(start, stop):",
        *(f"        {line}" for line in [*loads, *body]),
        "        out[p] = total if stable else (inf if unstable else nan)",
    ]
    return "\n".join([*lines, ""])


def _results(summand: Program, shifted: bool) -> tuple[str, list[str]]:
    share, *pivots = plain_outputs(summand)
    return share, pivots[1:] if shifted else pivots


def _by_fraction(
    summand: Program, shifted: bool, fraction: Program, masses: str
) -> tuple[list[str], bool]:
    _, pivots = _results(summand, shifted)
    outputs = plain_outputs(fraction, "f")
    size = (len(outputs) - 1) // 2
    top, bottom = (_without_zeros(part) for part in (outputs[:size], outputs[size:]))
    names = [f"b{k}" for k in range(len(bottom))]
    single_pole = len(top) == 1 and len(bottom) == 2
    # relative to its first value the numerator takes one multiply-add and no multiplication
    slope = f"{top[1]} / ({_horner(top, 'nodes[0]')})" if len(top) == 2 else ""
    lines = [
        "stable, unstable = True, False",
        "for end in (0, nodes.shape[0] - 1):",
        f"    {variable(EIGENVALUE)} = nodes[end]",
        *(f"    {line}" for line in plain_lines(summand, range(len(summand.steps)))),
        *(f"    stable &= {pivot} > 0.0" for pivot in pivots),
        *(f"    unstable |= {pivot} <= 0.0" for pivot in pivots),
        "total = 0.0",
        *(["poles[p] = 0.0"] if single_pole else []),
        "if stable:",
        *(f"    {line}" for line in plain_lines(fraction, range(len(fraction.steps)), "f")),
        *([f"    slope = {slope}"] if slope else []),
        # so that products of denominators stay in the range of floats
        f"    scale = 1.0 / {_horner(bottom, 'nodes[0]')}",
        *(f"    {name} = {value} * scale" for name, value in zip(names, bottom, strict=True)),
        *(f"    {line}" for line in _quotients(names, masses, bool(slope), single_pole)),
        f"    total *= {_horner(top, 'nodes[0]')} * scale",
    ]
    return lines, single_pole


def _quotients(bottom: Sequence[str], masses: str, sloping: bool, single_pole: bool) -> list[str]:
    """Return the lines that set ``total`` to the sum of the numerators over the denominators."""
    usual = _shared_division(bottom, masses, sloping)
    *lower, leading = bottom
    if not lower:
        return usual
    if single_pole:
        good = f"{NEAREST!r} < pole < {FARTHEST!r}"
        first = [f"pole = -1.0 / ({leading} * nodes[0])"]
        special = ["poles[p], total = pole, pole"]
    else:
        good = f"{_LEADING[0]!r} < abs({leading}) < {_LEADING[1]!r}"
        first = []
        special = [
            *(f"{name} /= {leading}" for name in lower),
            *_shared_division([*lower, ""], masses, sloping),
            f"total /= {leading}",
        ]
    return [
        *first,
        f"if {good}:",
        *(f"    {line}" for line in special),
        "else:",
        *(f"    {line}" for line in usual),
    ]


def _shared_division(bottom: Sequence[str], masses: str, sloping: bool) -> list[str]:
    """Return the loop: quotients in pairs with one division, a/b + c/d = (a d + c b) / (b d)."""
    lines = []
    for i, place in enumerate(("j", "j + part")):
        top = f"{masses}[{place}] - slope * tilted[{place}]" if sloping else f"{masses}[{place}]"
        lines += [f"x{i} = nodes[{place}]", f"n{i}, d{i} = {top}, {_horner(bottom, f'x{i}')}"]
    return [
        "part = nodes.shape[0] // 2",
        "for j in range(part):",
        *(f"    {line}" for line in lines),
        "    total += (n0 * d1 + n1 * d0) / (d0 * d1)",
    ]


def _without_zeros(coefficients: Sequence[str]) -> list[str]:
    """Return the coefficients up to the last one that does not vanish for the whole family."""
    size = max(k for k, value in enumerate(coefficients) if value != "0.0" or k == 0)
    return [*coefficients[: size + 1]]


def _horner(coefficients: Sequence[str], x: str) -> str:
    """Return a polynomial's value, lowest coefficient first; an empty last one stands for 1."""
    *lower, value = coefficients
    for coefficient in reversed(lower):
        value = f"({value} * {x} + {coefficient})" if value else f"({x} + {coefficient})"
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
