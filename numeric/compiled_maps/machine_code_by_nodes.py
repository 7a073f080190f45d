"""The source of the kernel behind maps: many members against the nodes of a spectrum.

It is the same for all families of a memory. From the numbers of half-plane forms, with their errors
(`sgdmem.numeric.compiled_maps.machine_code_of_coefficients`), it bounds the noise sum and tests
every mode:

1. what does not depend on the eigenvalue is computed once for each member;
2. the recursion runs with error bounds on disks: first on the largest eigenvalue, which tells most
   unstable members; then on disks that cover all eigenvalues. No mode may change sides in one, and
   they bound the error of the quadrature;
3. the noise sum is added up over the nodes, from the summand as a fraction: two Horner schemes, and
   two more for their error bounds.

A block of members goes through each loop side by side, so that the vector units are used. What the
arithmetic with bounds leaves open is told, for a slower judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.numeric.arithmetic.rounding import INFLATE, UNIT
from sgdmem.numeric.compilation.lowering import ball_lines, radius_of, variable
from sgdmem.numeric.compiled_maps.kernel_modules import compiled_module, cuda_module, indented
from sgdmem.symbolic.programs.map_program import map_program
from sgdmem.symbolic.programs.program import SIGNS, needed_steps
from sgdmem.symbolic.programs.summand_program import EIGENVALUE

LAM, LAM_RADIUS = variable(EIGENVALUE), radius_of(EIGENVALUE)
LANES = 64  # members side by side
TOGETHER = 4  # nodes between two looks at what is kept of a member
NOISE, RADIUS, PEAK, STATE = range(4)  # rows of the result
ROWS = 4
SHARP = 1e-10  # relative error of a noise sum that is not asked for again
_CLEAR = 2.0**10  # least ratio of a denominator and its error bound


@lru_cache(maxsize=64)
def judge_source(memory: int, damped: bool, cuda: bool = False, decays: bool = False) -> str:
    """Return a module with the function ``judge`` for a memory.

    ``judge(values, radii, nodes, weights, node_spread, centers, reaches, errors, out, start,
    stop)`` fills the columns from start to stop of ``out``, shape (4, P):

    - the noise sum without tau1 / B, and a bound of its error,
    - the largest s / (1 + (tau2/B) s) at the nodes,
    - 1 where every mode is certainly Schur and damped and the sum is bounded, -1 where the largest
      eigenvalue certainly is not Schur or damped, 0 where it is open.

    ``values`` and ``radii``, shape (K, P), are the inputs of the `map_program` with bounds of their
    errors. The number of nodes is a multiple of 4, and ``node_spread`` a bound of their relative
    errors. ``centers`` and ``reaches`` are the disks, the largest eigenvalue before all others;
    ``errors`` those of the quadrature for a summand bounded by 1 there.

    On a GPU it is a flat function, ``judge(members, values, ..., errors, rounding, first, more,
    out, left, many)``: one thread takes a member at a time, in strides of the grid. The error of
    adding up, ``rounding`` times the sum, is in the bound. With ``more`` the places of those that
    are open or blurred go to ``left``, and how many there are to ``many``; unless it is the
    ``first`` it takes those only.
    """
    writer = _Writer(memory, damped, decays, lanes=1 if cuda else LANES)
    arguments = "values, radii, nodes, weights, node_spread, centers, reaches, errors, out"
    if cuda:
        arguments = arguments.replace("out", "rounding, first, more, out, left, many")
        return cuda_module(f"def judge(members, {arguments}):", writer.cuda_body())
    vector, matrix = "f8[::1]", "f8[:,::1]"
    types = [matrix, matrix, vector, vector, "f8", vector, vector, vector, matrix, "i8", "i8"]
    definition = f"def judge({arguments}, start, stop):"
    return compiled_module(", ".join(types), definition, writer.cpu_body())


class _Writer:
    """Writes the loops; with one lane everything stays in local variables."""

    def __init__(self, memory: int, damped: bool, decays: bool, lanes: int) -> None:
        self.mapped, self.lanes = map_program(memory, damped, decays), lanes
        program = self.mapped.recursion
        moving = program.depends_on(EIGENVALUE)
        steps = range(len(program.steps))
        self.once, names = ball_lines(program, [i for i in steps if not moving[i]])
        self.each, _ = ball_lines(program, [i for i in steps if moving[i]])
        _, damping, *pivots = program.outputs
        tested = needed_steps(program.steps, [*pivots, damping])
        self.tests, _ = ball_lines(program, [i for i in tested if moving[i]])
        used = {i for k in steps if moving[k] and program.steps[k][0] in SIGNS
                for i in program.steps[k][1:]}  # fmt: skip
        used |= set(program.outputs)
        self.kept = [
            name
            for i in sorted(used)
            if not moving[i] and program.steps[i][0] != "constant"
            for name in names[i]
            if name
        ]
        self.share, self.damping, *self.pivots = (names[i] for i in program.outputs)
        top, bottom = (memory + 1, memory + 2) if self.mapped.fraction else (0, 0)
        if decays and bottom:
            top, bottom = top + 1, bottom + 1
        self.polynomials = [("n", top), ("d", bottom)]
        self.coefficients = [
            f"{x}{k}{e}" for x, size in self.polynomials for k in range(size) for e in ("", "_e")
        ]

    # The two frames ----------------------------------------------------------------------------

    def cpu_body(self) -> list[str]:
        size = (len(self.kept) + len(self.coefficients)) * self.lanes
        loop = "for p in lanes(members):"
        return [
            f"kept, state = on_stack({size}), on_stack({ROWS * self.lanes})",
            f"for begin in range(start, stop, {self.lanes}):",
            f"    members = min({self.lanes}, stop - begin)",
            f"    {loop}",
            *indented(2, [*self._inputs("begin + p"), *self._once(), *self._store()]),
            f"    {loop}",
            *indented(2, self._reset()),
            *indented(1, self._disks(loop)),
            "    if alive:",
            *indented(2, self._nodes(loop)),
            f"    {loop}",
            *[f"        out[{row}, begin + p] = {self._row(row)}" for row in range(ROWS)],
        ]

    def cuda_body(self) -> list[str]:
        total, radius, _, state = (self._row(row) for row in range(ROWS))
        return [
            "for q in range(cuda.grid(1), members if first else many[0], cuda.gridsize(1)):",
            "    p = q if first else left[q]",
            *indented(1, [*self._inputs("p"), *self._once(), *self._reset()]),
            *indented(1, self._disks(None)),
            "    if alive:",
            *indented(2, self._nodes(None)),
            f"    {radius} = {radius} + rounding * abs({total})",
            *[f"    out[{row}, p] = {self._row(row)}" for row in range(ROWS)],
            f"    blurred = not {radius} <= {SHARP!r} * abs({total})",
            f"    if more and ({state} == 0.0 or ({state} == 1.0 and blurred)):",
            "        left[cuda.atomic.add(many, 0, 1)] = p",
        ]

    def _disks(self, lanes: str | None) -> list[str]:
        ask = f"alive = alive | ({self._row(STATE)} >= 0.0)"
        load = self._load(self.kept, 0)
        whole = _inner(lanes, [*load, *self.each, *self._tested(), *self._excess()])
        if not self.mapped.damped:
            # most disks have no part in the error, and then the summand is not asked for
            tests = _inner(lanes, [*load, *self.tests, *self._tested()])
            whole = ["    if error > 0.0:", *indented(1, whole), "    else:", *indented(1, tests)]
        return [
            "alive = False",
            "for j in range(centers.shape[0]):",
            f"    {LAM}, {LAM_RADIUS}, error = centers[j], reaches[j], errors[j]",
            "    worst = -1.0 if j == 0 else 0.0",
            *whole,
            "    if j == 0:",
            *indented(2, [ask] if lanes is None else [lanes, f"    {ask}"]),
            "        if not alive:",
            "            break",
        ]

    def _nodes(self, lanes: str | None) -> list[str]:
        head = [
            f"x{i}, w{i} = nodes[j + {i}], weights[j + {i}] * nodes[j + {i}]"
            for i in range(TOGETHER)
        ]
        if self.mapped.fraction is not None:
            body = [*self._load(self.coefficients, len(self.kept)), *self._fractions()]
            return [
                f"for j in range(0, nodes.shape[0], {TOGETHER}):",
                *indented(1, head),
                *_inner(lanes, body),
            ]
        return [
            "for j in range(nodes.shape[0]):",
            f"    {LAM}, w0 = nodes[j], weights[j] * nodes[j]",
            f"    {LAM_RADIUS}, x0 = node_spread * {LAM}, {LAM}",
            *_inner(lanes, [*self._load(self.kept, 0), *self.each, *self._recursion_at_node()]),
        ]

    # What is kept for each member --------------------------------------------------------------

    def _row(self, row: int) -> str:
        return f"state_{row}" if self.lanes == 1 else f"state[{row * self.lanes} + p]"

    def _inputs(self, column: str) -> list[str]:
        return [
            f"{variable(name)}, {radius_of(name)} = values[{row}, {column}], radii[{row}, {column}]"
            for row, name in enumerate(self.mapped.inputs)
        ]

    def _once(self) -> list[str]:
        """Return what is computed once, with the coefficients of the fraction and their errors.

        Horner's scheme of degree n errs by 2n roundings of each term, and a relative error of the
        node enters k times the term of its power k.
        """
        fraction = self.mapped.fraction
        if fraction is None:
            return self.once
        lines, names = ball_lines(fraction, range(len(fraction.steps)), prefixes=("f", "g"))
        results = iter(fraction.outputs)
        for letter, size in self.polynomials:
            # and the quotient with its mass takes four more
            rounding = repr((2 * size + 4) * UNIT)
            for k in range(size):
                value, radius = names[next(results)]
                spread = f"({rounding} + {1.01 * k!r} * node_spread)" if k else rounding
                error = [
                    f"{spread} * abs({letter}{k})",
                    radius,
                ]  # of products, whose underflows are more
                lines.append(f"{letter}{k} = {value}")
                lines.append(f"{letter}{k}_e = {' + '.join(filter(None, error))}")
        return [*self.once, *lines]

    def _store(self) -> list[str]:
        names = [*self.kept, *self.coefficients]
        return [f"kept[{i * self.lanes} + p] = {name}" for i, name in enumerate(names)]

    def _load(self, names: Sequence[str], first: int) -> list[str]:
        if self.lanes == 1:
            return []
        return [f"{name} = kept[{(first + i) * self.lanes} + p]" for i, name in enumerate(names)]

    def _reset(self) -> list[str]:
        start = {NOISE: 0.0, RADIUS: 0.0, PEAK: 0.0, STATE: 1.0}
        return [f"{self._row(row)} = {value!r}" for row, value in start.items()]

    # What happens in a disk and at a node ------------------------------------------------------

    def _tested(self) -> list[str]:
        # without decay the last pivot, lambda times the pull, vanishes at 0 and is not divided by
        pivots = self.pivots if self.mapped.decays else self.pivots[:-1]
        tested = [*pivots, self.damping]
        good = " & ".join(f"({x} > {INFLATE!r} * {r or '0.0'})" for x, r in tested)
        # a pivot with a finite radius is only negative if those before it are not zero; added, as
        # what overflows has an infinite radius too, and then tells nothing
        known = [*self.pivots, self.damping]
        bad = " | ".join(f"({x} + {INFLATE!r} * {r or '0.0'} <= 0.0)" for x, r in known)
        state = self._row(STATE)
        return [
            f"here = worst if {bad} else (1.0 if {good} else 0.0)",
            f"{state} = here if here < {state} else {state}",
        ]

    def _excess(self) -> list[str]:
        (share, share_r), radius = self.share, self._row(RADIUS)
        return [
            f"excess = error * (abs({share}) + {INFLATE!r} * {share_r})",
            f"{radius} = {radius} + (excess if error > 0.0 else 0.0)",
        ]

    def _fractions(self) -> list[str]:
        """Return the shares of a few nodes in the noise sum, and their error bounds."""
        lines = []
        for i in range(TOGETHER):
            for letter, size in self.polynomials:
                for suffix in ("", "_e"):
                    value = f"{letter}{size - 1}{suffix}"
                    for k in reversed(range(size - 1)):
                        value = f"({value} * x{i} + {letter}{k}{suffix})"
                    lines.append(f"{letter}{suffix}_{i} = {value}")
            lines.append(f"inverse_{i} = 1.0 / d_{i}")
            lines.append(f"share_{i} = n_{i} * inverse_{i}")
            # first order, for errors below 1/1024 of the denominator
            lines.append(f"error_{i} = inverse_{i} * (n_e_{i} + abs(share_{i}) * d_e_{i})")
        good = " & ".join(f"(d_{i} > {_CLEAR!r} * d_e_{i})" for i in range(TOGETHER))
        return [*lines, *self._add(good, 1.002, range(TOGETHER))]

    def _recursion_at_node(self) -> list[str]:
        share, share_r = self.share
        tested = [*self.pivots, self.damping]
        good = " & ".join(f"({x} > {INFLATE!r} * {r or '0.0'})" for x, r in tested)
        return [f"share_0, error_0 = {share}, {share_r}", *self._add(good, INFLATE, range(1))]

    def _add(self, good: str, inflate: float, nodes: Sequence[int]) -> list[str]:
        total, radius, peak, state = (self._row(row) for row in range(ROWS))
        errors = " + ".join(f"w{i} * error_{i}" for i in nodes)
        sizes = " + ".join(f"abs(w{i} * share_{i})" for i in nodes)
        # Numba's max and min on a GPU are calls, which take a driver to compile
        peaks = [f"s{i} = x{i} * share_{i}" for i in nodes]
        peaks += [f"{peak} = s{i} if s{i} > {peak} else {peak}" for i in nodes]
        return [
            f"{state} = {state} if ({good}) | ({state} < 0.0) else 0.0",
            *(peaks if self.mapped.damped else []),
            f"{radius} = {radius} + ({inflate!r} * ({errors}) + node_spread * ({sizes}))",
            f"{total} = {total} + ({' + '.join(f'w{i} * share_{i}' for i in nodes)})",
        ]


def _inner(lanes: str | None, lines: Sequence[str]) -> list[str]:
    if lanes is None:
        return indented(1, lines)
    return [f"    {lanes}", *indented(2, lines)]
