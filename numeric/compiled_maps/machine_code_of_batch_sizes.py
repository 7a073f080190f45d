r"""Machine code that solves for the critical batch sizes of many members side by side.

With the summands :math:`s_k` of a member at the nodes of a spectrum, computed once, that is where

.. math::
    F(B) = \sum_k \frac{\tau_1 w_k s_k}{B + \tau_2 s_k} = 1, \qquad B > \max_k(0, -\tau_2 s_k).

To the right of its poles 1 / F is increasing and concave: F is a sum of simple fractions with
positive weights. So Newton's method on 1 / F - 1, begun at or left of the root, stays left of it
and rises to it, quadratically. Such a start is where the asymptote of 1 / F is 1, or a single mode
alone: :math:`\tau_1 S - \tau_2 \sum w_k s_k^2 / S` with :math:`S = \sum_k w_k s_k`, and
:math:`(\tau_1 w_k - \tau_2) s_k`. No error bounds: whoever asks looks at the solutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.numeric.compiled_maps.kernel_modules import compiled_module, indented
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import LANES, TOGETHER
from sgdmem.symbolic.programs.map_program import map_program
from sgdmem.symbolic.programs.program import needed_steps
from sgdmem.symbolic.programs.summand_program import EIGENVALUE

SIZE, LARGEST, STEEPNESS = range(3)  # rows of the result
SOLVED = 3
_MOST_STEPS = 100
_SETTLED = 2.0**-51  # relative
_KEPT = ("total", "squares", "peak", "first", "size", "sum", "slope", "tau1", "tau2")


@lru_cache(maxsize=16)
def solver_source(memory: int, decays: bool = False) -> str:
    """Return a module with the function ``solve`` for a memory.

    ``solve(values, taus, nodes, weights, space, out, start, stop)`` fills the columns from start to
    stop of ``out``: the critical batch size; the largest summand; and, there, -B F'(B) / F(B), by
    which a relative error of F is divided in B. Members must be stable without noise. ``values``
    are the numbers of half-plane forms, with weight decay if it ``decays``, ``taus`` tau1 and tau2,
    ``space``, of shape (4, 16 * nodes), is where summands are kept. The number of nodes is a
    multiple of 4.
    """
    mapped = map_program(memory, False, decays)
    program, summand = mapped.recursion, mapped.recursion.outputs[0]
    moving = program.depends_on(EIGENVALUE)
    needed = needed_steps(program.steps, [summand])
    once = plain_lines(program, [i for i in needed if not moving[i]])
    each = plain_lines(program, [i for i in needed if moving[i]])
    noise = plain_outputs(program)[0]
    fixed = [line.split(" = ")[0] for line in once] + [
        variable(name) for name in mapped.inputs if any(variable(name) in line for line in each)
    ]
    place = {name: f"kept[{i * LANES} + p]" for i, name in enumerate([*_KEPT, *fixed])}

    def load(*names: str) -> list[str]:
        return [f"{name} = {place[name]}" for name in names]

    def store(*names: str) -> list[str]:
        return [f"{place[name]} = {name}" for name in names]

    def lanes(*lines: Sequence[str]) -> list[str]:
        return ["for p in lanes(members):", *indented(1, [x for some in lines for x in some])]

    def over_nodes(*lines: Sequence[str]) -> list[str]:
        head = [f"x{i}, w{i} = nodes[j + {i}], weights[j + {i}]" for i in range(TOGETHER)]
        step = f"for j in range(0, nodes.shape[0], {TOGETHER}):"
        return [step, *indented(1, [*head, *lanes(*lines)])]

    space = [f"space[{i}, j * {LANES // TOGETHER} + p]" for i in range(TOGETHER)]
    values = [f"{variable(name)} = values[{i}, begin + p]" for i, name in enumerate(mapped.inputs)]
    nothing = ["total", "squares", "peak", "first", "size", "sum", "slope"]
    read = [*values, "tau1, tau2 = taus[0, begin + p], taus[1, begin + p]", *once]
    read += [f"{name} = 0.0" for name in nothing]
    summands = [
        line
        for i in range(TOGETHER)
        for line in [
            f"{variable(EIGENVALUE)} = x{i}",
            *each,
            f"s = {variable(EIGENVALUE)} * {noise}",
            f"{space[i]} = s",
            f"share, alone = w{i} * s, (tau1 * w{i} - tau2) * s",
            "total, squares = total + share, squares + share * s",
            "peak = s if s > peak else peak",
            "first = alone if alone > first else first",
        ]
    ]
    start = [
        "size = tau1 * total - tau2 * (squares / total)",
        "size = size if size > first else first",
    ]
    shares = [
        line
        for i in range(TOGETHER)
        for line in [
            f"s = {space[i]}",
            "inverse = 1.0 / (size + tau2 * s)",
            f"share = w{i} * s * inverse",
            "sum, slope = sum + share, slope + share * inverse",
        ]
    ]
    step = [
        "value, fall = tau1 * sum, tau1 * slope",
        "further = size + value * (value - 1.0) / fall",
        # what has settled stays, as long as others beside it go on
        f"moves = further > size * {1 + _SETTLED!r}",
        "going = going | moves",
        f"out[{SIZE}, begin + p] = size",
        f"out[{LARGEST}, begin + p] = peak",
        f"out[{STEEPNESS}, begin + p] = size * fall / value",
        "size = further if moves else size",
        "sum, slope = 0.0, 0.0",
    ]
    sums = ("total", "squares", "peak", "first")
    body = [
        f"kept = on_stack({len(place) * LANES})",
        f"for begin in range(start, stop, {LANES}):",
        *indented(
            1,
            [
                f"members = min({LANES}, stop - begin)",
                *lanes(read, store(*place)),
                *over_nodes(load(*fixed, *sums, "tau1", "tau2"), summands, store(*sums)),
                *lanes(load(*sums, "tau1", "tau2"), start, store("size")),
                f"for turn in range({_MOST_STEPS}):",
                *indented(
                    1,
                    [
                        *over_nodes(
                            load("size", "sum", "slope", "tau2"), shares, store("sum", "slope")
                        ),
                        "going = False",
                        *lanes(
                            load("size", "sum", "slope", "tau1", "peak"),
                            step,
                            store("size", "sum", "slope"),
                        ),
                        "if not going:",
                        "    break",
                    ],
                ),
            ],
        ),
    ]
    types = "f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1], f8[:,::1], i8, i8"
    definition = "def solve(values, taus, nodes, weights, space, out, start, stop):"
    return compiled_module(types, definition, body)
