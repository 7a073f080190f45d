r"""Machine code that judges members of memory 0 and 1 by the poles of their noise summand.

There the pivots :math:`a_i = f_i - \lambda m_i` are linear in the eigenvalue, so that the largest
eigenvalue and 0 tell about all, and with :math:`v_i = a_i(\lambda_1)/f_i` and T of
`sgdmem.numeric.pole_table`

.. math::
    \sum_k \frac{\lambda_k (n_0 + n_1\lambda_k)}{p\,a_0(\lambda_k)\,a_1(\lambda_k)}
    = \frac{n_0\,(T(v_1) + (1 - v_0) V) + n_1\lambda_1 V}{p f_0 f_1},
    \qquad V = -\frac{T(v_0)-T(v_1)}{v_0-v_1},

where V is a divided difference of one Taylor polynomial if the poles are close. The cost does not
depend on the spectrum. Errors are bounded to first order, with room for the rest; what is beyond
the table, or not sharp, is left open.
"""

from __future__ import annotations

from functools import lru_cache

from sgdmem.numeric.lowering import UNIT, magnitude_lines, plain_lines, plain_outputs
from sgdmem.numeric.map_kernel import (
    LANES,
    NOISE,
    PEAK,
    RADIUS,
    STATE,
    compiled_module,
)
from sgdmem.numeric.pole_table import (
    CENTER,
    DEGREE,
    ERROR,
    HALF,
    HIGHEST,
    LOWEST,
    MOVING_QUADRATURE,
    QUADRATURE,
    SHIFT,
    SLOPE_ERROR,
)
from sgdmem.symbolic.map_program import map_program
from sgdmem.symbolic.program import SIGNS, Program
from sgdmem.symbolic.summand_program import coefficient_names

LARGEST_MEMORY = 1
_SHARP = 1e-4  # relative errors of the inputs up to which second-order terms do not matter
_KEPT = ("v0", "v1", "e", "n0", "n0_e", "n1", "n1_e", "scale", "state")


@lru_cache(maxsize=4)
def pole_source(memory: int) -> str:
    """Return a module with the function ``judge`` for memory 0 or 1.

    ``judge(values, radii, rows, first, largest, spread, out, start, stop)`` fills the columns from
    start to stop of ``out`` with the rows of `sgdmem.numeric.map_kernel.judge_source`; ``values``
    and ``radii`` are the numbers of half-plane forms.
    """
    size = LANES
    names = _KEPT if memory else tuple(name for name in _KEPT if name not in ("v1", "n1", "n1_e"))
    store = [f"kept[{i * size} + p] = {name}" for i, name in enumerate(names)]
    load = [f"{name} = kept[{i * size} + p]" for i, name in enumerate(names)]
    sums = _two_poles() if memory else _one_pole()
    body = [
        f"kept = empty({(len(names) + 1) * size})",
        "bits = kept.view(int64)",
        "last = first + rows.shape[0] - 1",
        f"for begin in range(start, stop, {size}):",
        f"    members = min({size}, stop - begin)",
        "    for p in range(members):",
        *(f"        {line}" for line in [*_inputs(memory), *store]),
        "    for p in range(members):",
        *(f"        {line}" for line in [*load, *_rows(memory, size), *sums]),
        "        sharp = (radius < inf) & (state == 1.0)",
        f"        out[{NOISE}, begin + p] = noise if sharp else 0.0",
        f"        out[{RADIUS}, begin + p] = radius if sharp else 0.0",
        f"        out[{PEAK}, begin + p] = 0.0",
        f"        out[{STATE}, begin + p] = (1.0 if sharp else 0.0) if state == 1.0 else state",
    ]
    types = "f8[:,::1], f8[:,::1], f8[:,::1], i8, f8, f8, f8[:,::1], i8, i8"
    definition = "def judge(values, radii, rows, first, largest, spread, out, start, stop):"
    return compiled_module(f"void({types})", definition, body)


def _inputs(memory: int) -> list[str]:
    """Return what is computed of a member's numbers: its poles, numerator, errors and stability."""
    names = coefficient_names(memory)
    lines = [
        f"{name}, {name}_r = values[{row}, begin + p], radii[{row}, begin + p]"
        for row, name in enumerate(names)
    ]
    lines += _numerator(memory)
    lines += [
        f"good = pull > pull_r * {1 / _SHARP!r}",
        "bad = pull < -pull_r",
        "e = pull_r / pull",
        "scale = 1.0 / pull",
    ]
    for i in range(memory + 1):
        f, m = f"fixed_{i}", f"moving_{i}"
        lines += [
            f"top = {f} - largest * {m}",
            f"top_r = ({f}_r + largest * {m}_r + spread * abs({m})"
            f" + {3 * UNIT!r} * (abs({f}) + largest * abs({m})))",
            f"share = 1.0 / ({f} * top)",  # one division for all
            "inverse = share * top",
            f"v{i} = top * inverse",
            f"good &= (top > {1 / _SHARP!r} * top_r) & ({f} > {1 / _SHARP!r} * {f}_r)",
            "bad |= top < -top_r",
            # v counts twice: in T and in the divided difference
            f"e += 1.01 * (2.0 * top_r * ({f} * share) + 3.0 * {f}_r * inverse)",
            "scale *= inverse",
        ]
    inside = " & ".join(f"(v{i} >= {LOWEST!r}) & (v{i} < {HIGHEST!r})" for i in range(memory + 1))
    lines += [
        f"known = good & {inside}",
        "state = -1.0 if bad else (1.0 if known else 0.0)",
        *(f"v{i} = v{i} if known else 1.0" for i in range(memory + 1)),
    ]
    if memory:
        lines += ["v0, v1 = min(v0, v1), max(v0, v1)"]
    return lines


def _numerator(memory: int) -> list[str]:
    """Return the coefficients of the numerator of s / lambda and bounds of their errors."""
    fraction = map_program(memory, damped=False).fraction
    assert fraction is not None
    program = Program(fraction.steps, fraction.outputs[: memory + 1])
    lines = [f"{x}_m = abs({x}) + {1 / UNIT!r} * {x}_r" for x in program.inputs]
    lines += plain_lines(program, range(len(program.steps)), "f")
    lines += magnitude_lines(program, "m")
    share = 1.01 * (program.depth() + 2 * memory + 4) * UNIT
    for k, (step, value) in enumerate(
        zip(program.outputs, plain_outputs(program, "f"), strict=True)
    ):
        assert program.steps[step][0] in SIGNS
        lines += [f"n{k} = {value}", f"n{k}_e = {share!r} * m{step}"]
    return lines


def _rows(memory: int, size: int) -> list[str]:
    if not memory:
        return [f"a = (bits[p] >> {SHIFT}) - first"]
    spare = (len(_KEPT)) * size
    return [
        f"kept[{spare} + p] = 0.5 * (v0 + v1)",
        f"middle = (bits[{spare} + p] >> {SHIFT}) - first",
        f"near = v1 - v0 <= rows[middle, {HALF}]",
        f"a = middle if near else (bits[p] >> {SHIFT}) - first",
        f"b = middle if near else (bits[{size} + p] >> {SHIFT}) - first",
    ]


def _horner(row: str, x: str) -> str:
    value = f"rows[{row}, {DEGREE}]"
    for k in reversed(range(DEGREE)):
        value = f"({value} * {x} + rows[{row}, {k}])"
    return value


def _one_pole() -> list[str]:
    return [
        f"x = v0 - rows[a, {CENTER}]",
        f"t = {_horner('a', 'x')}",
        "noise = n0 * t * scale",
        f"radius = 1.02 * ((abs(n0) * (rows[a, {ERROR}] + e + {16 * UNIT!r}) + n0_e) * t",
        f"    + abs(n0) * rows[a, {QUADRATURE}]) * scale",
    ]


def _two_poles() -> list[str]:
    lines = [
        f"x, y = v0 - rows[a, {CENTER}], v1 - rows[b, {CENTER}]",
        f"t, s = {_horner('a', 'x')}, {_horner('b', 'y')}",
        # the divided difference, by Horner's scheme on top of Horner's scheme
        f"value, slope = rows[a, {DEGREE}], 0.0",
    ]
    for k in reversed(range(DEGREE)):
        lines += ["slope = slope * x + value", f"value = value * y + rows[a, {k}]"]
    error, slope_error = f"rows[a, {ERROR}]", f"rows[a, {SLOPE_ERROR}]"
    other = f"rows[b, {ERROR}]"
    gap = "gap"
    lines += [
        "gap = 1.0 if near else v1 - v0",
        "fall = -slope if near else (t - s) / gap",
        f"fall_e = {slope_error} * fall if near else ({error} * t + {other} * s) / {gap}",
        "rest = 1.0 - v0",
        "parts = s + abs(rest) * fall",
        "noise = (n0 * (s + rest * fall) + n1 * largest * fall) * scale",
        "size = abs(n0) * parts + abs(n1) * largest * fall",
        f"radius = 1.02 * (size * (e + {16 * UNIT!r}) + n0_e * parts + n1_e * largest * fall",
        f"    + abs(n0) * ({other} * s + abs(rest) * fall_e) + abs(n1) * largest * fall_e",
        f"    + abs(n0) * (rows[a, {QUADRATURE}] + rows[b, {QUADRATURE}])",
        f"    + abs(n1) * (rows[a, {MOVING_QUADRATURE}] + rows[b, {MOVING_QUADRATURE}])) * scale",
    ]
    return lines
