r"""Machine code that judges members of memory 0 and 1 by the poles of their noise summand.

There the pivots :math:`a_i = f_i - \lambda m_i` are linear in the eigenvalue, so that the largest
eigenvalue and 0 tell about all. With a pull p, :math:`v_i = a_i(\lambda_1)/f_i`, and T of
`sgdmem.numeric.compiled_maps.pole_table`

.. math::
    \sum_k s_{\lambda_k}
    = \sum_k\lambda_k\Bigl(\frac{Q_1^2}{p\,a_1} + \frac{\lambda_k Q_0^2}{a_0 a_1}\Bigr)
    = \frac{Q_1^2}{p f_1}T(v_1) + \frac{\lambda_1 Q_0^2}{f_0 f_1}V,
    \qquad V = -\frac{T(v_0)-T(v_1)}{v_0-v_1},

all positive, where V is a divided difference of one Taylor polynomial if the poles are close; for
memory 0 it is :math:`Q_0^2T(v_0)/(pf_0)`. The cost does not depend on the spectrum. Errors are
bounded to first order, with room for the rest; what is beyond the table, or not sharp, is left
open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sgdmem.numeric.arithmetic.rounding import TINY, UNIT
from sgdmem.numeric.compiled_maps.kernel_modules import compiled_module
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import (
    LANES,
    NOISE,
    PEAK,
    RADIUS,
    STATE,
)
from sgdmem.numeric.compiled_maps.pole_table import (
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
from sgdmem.symbolic.programs.summand_program import coefficient_names

LARGEST_MEMORY = 1
_SURE = 1e4  # least ratio of an input and its error, so that second-order terms do not matter
_ROUNDING = 32 * UNIT
# what is kept of a member between the loops: its inputs, and what was looked up; c and d are the
# factors of T and of V
_INPUTS = ("v0", "v1", "c", "c_e", "d", "d_e", "state", "middle")
_INPUTS_0 = ("v0", "c", "c_e", "state")
_FOUND = ("t", "t_e", "top", "bottom", "top_e", "quadrature", "moving_quadrature")
_FOUND_0 = ("t", "t_e", "quadrature")


@lru_cache(maxsize=4)
def pole_source(memory: int) -> str:
    """Return a module with the function ``judge`` for memory 0 or 1.

    ``judge(values, radii, rows, first, largest, spread, out, start, stop)`` fills the columns from
    start to stop of ``out`` with the rows of `judge_source`; ``values`` and ``radii`` are the
    numbers of half-plane forms.
    """
    inputs, found = (_INPUTS, _FOUND) if memory else (_INPUTS_0, _FOUND_0)
    place = {name: f"kept[{i * LANES} + p]" for i, name in enumerate([*inputs, *found])}

    def store(names: Sequence[str]) -> list[str]:
        return [f"{place[name]} = {name}" for name in names]

    def load(names: Sequence[str]) -> list[str]:
        return [f"{name} = {place[name]}" for name in names]

    loops = [
        ("lanes", [*_inputs(memory), *store(inputs)]),
        # apart, as each looks elsewhere in the table
        ("range", [*(_two_poles if memory else _one_pole)(place), *store(found)]),
        ("lanes", [*load(inputs), *load(found), *(_two_sums if memory else _one_sum)(), *_OUTCOME]),
    ]
    body = [
        f"kept = on_stack({len(place) * LANES})",
        "bits = kept.view(int64)",
        f"for begin in range(start, stop, {LANES}):",
        f"    members = min({LANES}, stop - begin)",
        *(
            f"    {line}"
            for kind, loop in loops
            for line in [f"for p in {kind}(members):", *(f"    {line}" for line in loop)]
        ),
    ]
    types = "f8[:,::1], f8[:,::1], f8[:,::1], i8, f8, f8, f8[:,::1], i8, i8"
    definition = "def judge(values, radii, rows, first, largest, spread, out, start, stop):"
    return compiled_module(types, definition, body)


def _inputs(memory: int) -> list[str]:
    """Return what is computed of a member's numbers: its poles, factors, errors and stability."""
    names = coefficient_names(memory)
    lines = [
        f"{name}, {name}_r = values[{row}, begin + p], radii[{row}, begin + p]"
        for row, name in enumerate(names)
    ]
    lines += [
        f"good = pull > {_SURE!r} * pull_r",
        "bad = pull < -pull_r",
        "per_pull = 1.0 / pull",
    ]
    for i in range(memory + 1):
        f, m = f"fixed_{i}", f"moving_{i}"
        lines += [
            f"top = {f} - largest * {m}",
            f"top_r = ({f}_r + largest * {m}_r + spread * abs({m})"
            f" + {3 * UNIT!r} * (abs({f}) + largest * abs({m})))",
            f"share = 1.0 / ({f} * top)",  # one division for both
            f"per_{i} = share * top",
            f"v{i} = top * per_{i}",
            f"good &= (top > {_SURE!r} * top_r) & ({f} > {_SURE!r} * {f}_r)",
            "bad |= top < -top_r",
            f"f_e{i} = {f}_r * per_{i}",
            f"v_e{i} = top_r * ({f} * share) + f_e{i}",
        ]
    inside = " & ".join(f"(v{i} >= {LOWEST!r}) & (v{i} < {HIGHEST!r})" for i in range(memory + 1))
    lines += [
        f"known = good & {inside}",
        "state = -1.0 if bad else (1.0 if known else 0.0)",
        *(f"v{i} = v{i} if known else 1.0" for i in range(memory + 1)),
        *_factor("c", f"Q_{memory}", "per_pull", f"per_{memory}"),
        f"c_e += abs(c) * (pull_r * per_pull + f_e{memory} + v_e{memory})",
    ]
    if memory:
        lines += [
            *_factor("d", "Q_0", "largest * per_0", "per_1"),
            # a relative error of v is one of T and of V
            "d_e += abs(d) * (f_e0 + f_e1 + v_e0 + v_e1)",
            "middle = 0.5 * (v0 + v1)",
        ]
    return lines


def _factor(name: str, Q: str, first: str, second: str) -> list[str]:
    """Return Q^2 times two numbers, without an underflow where it can be helped, and its error."""
    return [
        f"x, y = {Q} * ({first}), {Q} * {second}",
        f"{name} = x * y",
        f"{name}_e = {Q}_r * (abs(x * ({second})) + abs(y * ({first})))",
        f"{name}_e += {Q}_r * {Q}_r * abs(({first}) * ({second}))",
        f"{name}_e += {TINY!r} * (1.0 + abs(x) + abs(y))",
    ]


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
        "noise = c * t",
        f"radius = 1.02 * ((c + c_e) * (t_e + {_ROUNDING!r} * t + quadrature) + c_e * t)",
    ]


def _two_poles(place: Mapping[str, str]) -> list[str]:
    """Look up T at the second pole, and V as a quotient: of a difference, or over 1."""
    lines = [
        f"v0, v1, m = {place['v0']}, {place['v1']}, {_piece('middle', place)}",
        f"if abs(v1 - v0) <= rows[m, {HALF}]:",
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
        f"    quadrature = rows[m, {QUADRATURE}]",
        f"    moving_quadrature = 2.0 * rows[m, {MOVING_QUADRATURE}]",
        "else:",
        f"    a, b = {_piece('v0', place)}, {_piece('v1', place)}",
        f"    x, y = v0 - rows[a, {CENTER}], v1 - rows[b, {CENTER}]",
        f"    other, t = {_horner('a', 'x')}, {_horner('b', 'y')}",
        "    top, bottom = other - t, v1 - v0",
        f"    t_e = rows[b, {ERROR}] * t",
        f"    top_e = rows[a, {ERROR}] * other + t_e",
        f"    quadrature = rows[b, {QUADRATURE}]",
        f"    moving_quadrature = rows[a, {MOVING_QUADRATURE}] + rows[b, {MOVING_QUADRATURE}]",
    ]


def _two_sums() -> list[str]:
    return [
        "inverse = 1.0 / bottom",
        "fall, fall_e = top * inverse, top_e * abs(inverse)",
        "noise = c * t + d * fall",
        f"radius = (c + c_e) * (t_e + {_ROUNDING!r} * t + quadrature) + c_e * t",
        f"radius += (d + d_e) * (fall_e + {_ROUNDING!r} * fall + moving_quadrature) + d_e * fall",
        "radius *= 1.02",
    ]


_OUTCOME = [
    "sharp = (radius < inf) & (state == 1.0)",
    f"out[{NOISE}, begin + p] = noise if sharp else 0.0",
    f"out[{RADIUS}, begin + p] = radius if sharp else 0.0",
    f"out[{PEAK}, begin + p] = 0.0",
    f"out[{STATE}, begin + p] = (1.0 if sharp else 0.0) if state == 1.0 else state",
]
