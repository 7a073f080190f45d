r"""Machine code for the second moments of every mode, step by step (eqs. (12)-(16)).

.. math::
    M_k \leftarrow S_k M_k S_k^T
        + (d_k n_{k,t} - \tfrac{\tau_2}{B}\lambda_k^2\langle rr^T, M_k\rangle)\,vv^T,\qquad
    n_{k,t} = \sum_jT_{kj}\omega_j\langle rr^T, M_j\rangle + \sigma^2

with a drive :math:`d_k` and a mass :math:`\omega_k` for each mode. The coupling T is given by its
diagonal blocks; of a single one with one value, tau1, all modes hear the same. One step of one mode
is traced once, without the entries of the algorithm that are zero, so that it takes no more
operations than the structure of D asks for; modes are in vectors, side by side.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Any

from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.polynomials import dot
from sgdmem.symbolic.programs.program import Program, trace

FLUSHED = 1e-290  # moments below count as 0: numbers below 1e-308 would be slow
_BLOCK = 64  # steps between looking for them
_EACH_MODE = {name: place for place, name in enumerate(("lam", "mass", "drive", "damping"))}
_OF_A_STEP = ("lam", "drive", "damping", "noise")
_ALIKE = [f"{variable('noise')} = coupling[0] * total_y + label"]
# heard[0] is what modes tell, heard[1] what they hear
_HEARING = """
for i in range(starts.size - 1):
    first, modes, place = starts[i], starts[i + 1] - starts[i], places[i]
    size = places[i + 1] - place
    if size == 1:
        total, value, whole = 0.0, coupling[place], modes // 16
        for p in lanes(16 * whole):
            total = total + heard[0, first + p]
        for k in range(first + 16 * whole, first + modes):
            total = total + heard[0, k]
        for k in range(first, first + modes):
            heard[1, k] = value * total + label
    else:
        wide, parts_of_row = size // modes, size // modes // 16
        for k in range(modes):
            some, total = coupling[place + wide * k :], 0.0
            row = shaped(some, (1, wide))
            for p in lanes(16 * parts_of_row):
                total = total + row[0, p] * heard[0, first + p]
            heard[1, first + k] = total + label
""".strip().splitlines()
_HEAD = """\
from math import inf

from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, shaped


@machine_code(
    "f8[:,::1], i8[::1], i8[::1], f8[::1], f8, f8[:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[::1], "
    "i8[::1]",
    contract=True,
)
def run(entries, starts, places, coupling, label, each, state, heard, at_w, at_y, made):
"""


def moment_pairs(memory: int) -> list[tuple[int, int]]:
    """Return the places (i, j), i <= j, of the moments in a state."""
    size = memory + 1
    return [(i, j) for i in range(size) for j in range(i, size)]


@lru_cache(maxsize=64)
def moment_source(memory: int, nonzero: tuple[bool, ...], coupled: bool = False) -> str:
    """Return the source of a module that makes steps.

    Its ``run(entries, starts, places, coupling, label, each, state, heard, at_w, at_y, made)``
    makes one step for each row of ``entries`` (in the order of `Algorithm.entries`) but the last
    one, whose vector a is read after them; ``label`` is sigma^2. Block i of T is that of the modes
    from ``starts[i]`` to ``starts[i + 1]``; its rows, each with zeros up to a multiple of 16, or
    one value for all of it, are in ``coupling`` from ``places[i]`` to ``places[i + 1]``. The rows
    of ``each`` are the eigenvalues, masses, drives d and tau2/B of the modes, whose number is a
    multiple of 16; ``heard`` is room for two rows, 16 longer. Before step t it writes ``at_w[t] =
    sum_k mass_k (M_k)_00`` and ``at_y[t] = sum_k mass_k <rr^T, M_k>``; ``made[0]`` is how many
    steps it made before one of them left the range of floats.

    Parameters
    ----------
    memory
    nonzero : tuple of bool
        Which entries may differ from 0.
    coupled : bool
        Whether T has more than one value: then modes hear different noise.
    """
    program, inputs = step_program(memory, nonzero)
    program, inputs = step_program(memory, nonzero)
    pairs = range(len(moment_pairs(memory)))
    each = [*_EACH_MODE, *(["noise"] if coupled else [])]
    moving = program.depends_on(*each, *(f"m{k}" for k in pairs))
    steps = range(len(program.steps))
    outputs = plain_outputs(program)
    some_a = [(i, place) for i, place in _places_of_a(memory) if nonzero[place]]
    modes = [f"{variable(name)} = each[{place}, p]" for name, place in _EACH_MODE.items()]
    modes += [f"{variable('noise')} = heard[1, p]"] if coupled else []
    read = [
        f"total_w = total_w + {variable('mass')} * {{}}",
        f"total_y = total_y + {variable('mass')} * {{}}",
        *([f"heard[0, p] = {variable('mass')} * {{}}"] if coupled else []),
    ]
    first, after = (
        [line.format(y if "total_w" not in line else w) for line in read]
        for w, y in (("state[0, p]", "y"), (outputs[0], outputs[-1]))
    )
    small = " & ".join(f"(abs(state[{k}, p]) < {FLUSHED!r})" for k in pairs)
    lines = [
        "steps, parts, total_w, total_y = at_w.size, each.shape[1] // 16, 0.0, 0.0",
        "made[0] = 0",
        *(f"a{i} = entries[0, {place}]" for i, place in some_a),
        "for p in lanes(16 * parts):",
        f"    {variable('mass')} = each[{_EACH_MODE['mass']}, p]",
        f"    y = {_reading(memory, dict(some_a))}",
        *(f"    {line}" for line in first),
        "for t in range(steps):",
        "    at_w[t], at_y[t] = total_w, total_y",
        "    if not (abs(total_w) < inf and abs(total_y) < inf):",
        "        break",
        "    made[0] = t + 1",
        *(f"    {line}" for line in (_HEARING if coupled else _ALIKE)),
        *(f"    {variable(name)} = entries[t, {place}]" for name, place in inputs.items()),
        *(f"    {variable(f'next_a{i}')} = entries[t + 1, {place}]" for i, place in some_a),
        *(f"    {line}" for line in plain_lines(program, [i for i in steps if not moving[i]])),
        "    total_w, total_y = 0.0, 0.0",
        "    for p in lanes(16 * parts):",
        *(f"        {line}" for line in modes),
        *(f"        {variable(f'm{k}')} = state[{k}, p]" for k in pairs),
        *(f"        {line}" for line in plain_lines(program, [i for i in steps if moving[i]])),
        *(f"        state[{k}, p] = {outputs[k]}" for k in pairs),
        *(f"        {line}" for line in after),
        f"    if t % {_BLOCK} == 0:",
        "        for p in lanes(16 * parts):",
        f"            small = {small}",
        *(f"            state[{k}, p] = 0.0 if small else state[{k}, p]" for k in pairs),
    ]
    return _HEAD + "".join(f"    {line}\n" for line in lines)


def step_program(memory: int, nonzero: Sequence[bool]) -> tuple[Program, dict[str, int]]:
    """Return the program of a step of one mode, and in which column each of its entries is.

    Its inputs are ``lam``, ``drive``, ``damping``, ``noise`` (n_kt), the entries and ``next_a0``...
    where they are not zero, and the moments ``m0``...; its results are the moments after the step,
    and <rr^T, M> with the next vector a.
    """
    names = {f"e{place}": place for place, flag in enumerate(nonzero) if flag}
    next_a = [f"next_a{i}" for i, place in _places_of_a(memory) if nonzero[place]]
    moments = [f"m{k}" for k in range(len(moment_pairs(memory)))]

    def step(lam: Any, drive: Any, damping: Any, noise: Any, *rest: Any) -> list[Any]:
        given = dict(zip([*names, *next_a, *moments], rest, strict=True))
        entries = [given.get(f"e{place}", 0) for place in range(len(nonzero))]
        alpha, b, c, D, a, shrink = Blocks.of_row(entries, memory)
        M = _matrix([given[name] for name in moments], memory)
        v, r = [-1 * alpha, *c], [1, *a]
        S0 = [[1 if shrink == 0 else 1 - shrink, *b], *([0, *row] for row in D)]
        K = [dot(row, r) for row in M]
        y = dot(r, K)
        turned = [dot(row, K) for row in S0]  # S_0 M r
        half = [[dot(row, column) for column in M] for row in S0]
        input_ = drive * noise + lam * lam * y - damping * (lam * lam) * y
        new = [
            dot(half[i], S0[j]) + lam * (turned[i] * v[j] + v[i] * turned[j]) + v[i] * v[j] * input_
            for i, j in moment_pairs(memory)
        ]
        after = [1, *(given.get(f"next_a{i}", 0) for i in range(memory))]
        matrix = _matrix(new, memory)
        return [*new, dot(after, [dot(row, after) for row in matrix])]

    return trace(step, [*_OF_A_STEP, *names, *next_a, *moments]), names


def _matrix(moments: Sequence[Any], memory: int) -> list[list[Any]]:
    places = {pair: k for k, pair in enumerate(moment_pairs(memory))}
    size = range(memory + 1)
    return [[moments[places[min(i, j), max(i, j)]] for j in size] for i in size]


def _places_of_a(memory: int) -> list[tuple[int, int]]:
    first = 1 + 2 * memory + memory**2
    return [(i, first + i) for i in range(memory)]


def _reading(memory: int, some_a: Container[int]) -> str:
    """Return what <rr^T, M> of a mode is."""
    weights = ["1.0", *(f"a{i}" if i in some_a else "" for i in range(memory))]
    return " + ".join(
        f"{1.0 if i == j else 2.0} * {weights[i]} * {weights[j]} * state[{k}, p]"
        for k, (i, j) in enumerate(moment_pairs(memory))
        if weights[i] and weights[j]
    )
