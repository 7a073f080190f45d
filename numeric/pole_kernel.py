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

from collections.abc import Mapping, Sequence
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
# what is kept of a member between the loops: its inputs, and what was looked up
_INPUTS = ("v0", "v1", "e", "n0", "n0_e", "n1", "n1_e", "scale", "state", "middle")
_INPUTS_0 = ("v0", "e", "n0", "n0_e", "scale", "state")
_FOUND_0 = ("t", "t_e", "quadrature")
_FOUND = ("t", "t_e", "top", "bottom", "top_e", "quadrature", "moving_quadrature")


@lru_cache(maxsize=4)
def pole_source(memory: int) -> str:
    """Return a module with the function ``judge`` for memory 0 or 1.

    ``judge(values, radii, rows, first, largest, spread, out, start, stop)`` fills the columns from
    start to stop of ``out`` with the rows of `sgdmem.numeric.map_kernel.judge_source`; ``values``
    and ``radii`` are the numbers of half-plane forms.
    """
    inputs, found = (_INPUTS, _FOUND) if memory else (_INPUTS_0, _FOUND_0)
    place = {name: f"kept[{i * LANES} + p]" for i, name in enumerate([*inputs, *found])}

    def store(names: Sequence[str]) -> list[str]:
        return [f"{place[name]} = {name}" for name in names]

    def load(names: Sequence[str]) -> list[str]:
        return [f"{name} = {place[name]}" for name in names]

    loops = [
        [*_inputs(memory), *store(inputs)],
        # apart, so that the loops around it use the vector units
        [*(_two_poles if memory else _one_pole)(place), *store(found)],
        [*load(inputs), *load(found), *(_two_sums if memory else _one_sum)(), *_OUTCOME],
    ]
    body = [
        f"kept = empty({len(place) * LANES})",
        "bits = kept.view(int64)",
        f"for begin in range(start, stop, {LANES}):",
        f"    members = min({LANES}, stop - begin)",
        *(
            f"    {line}"
            for loop in loops
            for line in ["for p in range(members):", *(f"    {line}" for line in loop)]
        ),
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
        lines += ["v0, v1 = min(v0, v1), max(v0, v1)", "middle = 0.5 * (v0 + v1)"]
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


def _piece(name: str, place: Mapping[str, str]) -> str:
    """Return the row of the table for a number that is kept."""
    return f"(bits{place[name].removeprefix('kept')} >> {SHIFT}) - first"


def _horner(row: str, x: str) -> str:
    value = f"rows[{row}, {DEGREE}]"
    for k in reversed(range(DEGREE)):
        value = f"({value} * {x} + rows[{row}, {k}])"
    return value


def _one_pole(place: Mapping[str, str]) -> list[str]:
    return [
        f"v0, a = {place['v0']}, {_piece('v0', place)}",
        f"x = v0 - rows[a, {CENTER}]",
        f"t = {_horner('a', 'x')}",
        f"t_e, quadrature = rows[a, {ERROR}] * t, rows[a, {QUADRATURE}]",
    ]


def _one_sum() -> list[str]:
    return [
        "noise = n0 * t * scale",
        f"radius = 1.02 * (abs(n0) * (t * (e + {16 * UNIT!r}) + t_e + quadrature) + n0_e * t)",
        "radius *= scale",
    ]


def _two_poles(place: Mapping[str, str]) -> list[str]:
    """Look up T at the pole that is farther away, and the divided difference as a quotient."""
    lines = [
        f"v0, v1, m = {place['v0']}, {place['v1']}, {_piece('middle', place)}",
        f"if v1 - v0 <= rows[m, {HALF}]:",
        f"    x, y = v0 - rows[m, {CENTER}], v1 - rows[m, {CENTER}]",
        # Horner's scheme on top of Horner's scheme
        f"    t, slope = rows[m, {DEGREE}], 0.0",
    ]
    for k in reversed(range(DEGREE)):
        lines += ["    slope = slope * x + t", f"    t = t * y + rows[m, {k}]"]
    return [
        *lines,
        "    top, bottom = -slope, 1.0",
        f"    t_e, top_e = rows[m, {ERROR}] * t, rows[m, {SLOPE_ERROR}] * top",
        f"    quadrature = 2.0 * rows[m, {QUADRATURE}]",
        f"    moving_quadrature = 2.0 * rows[m, {MOVING_QUADRATURE}]",
        "else:",
        f"    a, b = {_piece('v0', place)}, {_piece('v1', place)}",
        f"    x, y = v0 - rows[a, {CENTER}], v1 - rows[b, {CENTER}]",
        f"    near, t = {_horner('a', 'x')}, {_horner('b', 'y')}",
        "    top, bottom = near - t, v1 - v0",
        f"    t_e = rows[b, {ERROR}] * t",
        f"    top_e = rows[a, {ERROR}] * near + t_e",
        f"    quadrature = rows[a, {QUADRATURE}] + rows[b, {QUADRATURE}]",
        f"    moving_quadrature = rows[a, {MOVING_QUADRATURE}] + rows[b, {MOVING_QUADRATURE}]",
    ]


def _two_sums() -> list[str]:
    return [
        "inverse = 1.0 / bottom",
        "fall, fall_e = top * inverse, top_e * inverse",
        "rest, moving = 1.0 - v0, n1 * largest",
        "parts = t + abs(rest) * fall",
        "noise = (n0 * (t + rest * fall) + moving * fall) * scale",
        f"radius = (abs(n0) * parts + abs(moving) * fall) * (e + {16 * UNIT!r})",
        "radius += n0_e * parts + n1_e * largest * fall + abs(moving) * fall_e",
        "radius += abs(n0) * (t_e + abs(rest) * fall_e + quadrature) + abs(n1) * moving_quadrature",
        "radius *= 1.02 * scale",
    ]


_OUTCOME = [
    "sharp = (radius < inf) & (state == 1.0)",
    f"out[{NOISE}, begin + p] = noise if sharp else 0.0",
    f"out[{RADIUS}, begin + p] = radius if sharp else 0.0",
    f"out[{PEAK}, begin + p] = 0.0",
    f"out[{STATE}, begin + p] = (1.0 if sharp else 0.0) if state == 1.0 else state",
]
