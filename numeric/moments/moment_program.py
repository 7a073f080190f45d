r"""Machine code for the second moments of every mode, step by step (eqs. (12)-(16)).

.. math::
    M_k \leftarrow S_k M_k S_k^T
        + (d_k n_{k,t} - \tfrac{\tau_2}{B}\lambda_k^2\langle rr^T, M_k\rangle)\,vv^T,\qquad
    n_{k,t} = \sum_jT_{kj}\omega_j\langle rr^T, M_j\rangle + \sigma^2

with a drive :math:`d_k` and a mass :math:`\omega_k` for each mode. The coupling T is given by its
diagonal blocks; of a single one with one value, tau1, all modes hear the same. One step of one mode
is traced once, without the entries of the algorithm that are zero, so that it takes no more
operations than the structure of D asks for; the loop over the modes is left to the vector units.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.polynomials import dot
from sgdmem.symbolic.programs.program import Program, trace

FLUSHED = 1e-290  # moments below count as 0: numbers below 1e-308 would be slow
_BLOCK = 64  # steps between looking for them
_EACH_MODE = {name: name for name in ("lam", "drive", "damping")}
_ALIKE = [f"{variable('noise')} = coupling[0] * total_y + label"]
# signed numbers that may be negative for all the compiler knows would be gathered, see
# `sgdmem.numeric.compiled_maps.machine_code_by_nodes.BEGUN`
_HEARING = """
for i in range(starts.shape[0] - 1):
    first, last, place = starts[i], starts[i + 1], places[i]
    if places[i + 1] - place == 1:
        total = 0.0
        for j in range(first, last):
            total += read[np.uint64(j)]
        for k in range(first, last):
            heard[np.uint64(k)] = coupling[place] * total + label
    else:
        for k in range(first, last):
            total = 0.0
            for j in range(first, last):
                total += coupling[np.uint64(place + j - first)] * read[np.uint64(j)]
            heard[np.uint64(k)] = total + label
            place += last - first
""".strip().splitlines()


def moment_pairs(memory: int) -> list[tuple[int, int]]:
    """Return the places (i, j), i <= j, of the moments in a state."""
    size = memory + 1
    return [(i, j) for i in range(size) for j in range(i, size)]


@lru_cache(maxsize=64)
def moment_source(memory: int, nonzero: tuple[bool, ...], coupled: bool = False) -> str:
    """Return the source of a module that makes steps.

    Its ``run(entries, following, starts, places, coupling, label, lam, mass, drive, damping, state,
    at_w, at_y)`` makes one step for each row of ``entries`` (in the order of `Algorithm.entries`);
    ``following`` is the vector a after the last one, and ``label`` sigma^2. Block i of T is that of
    the modes from ``starts[i]`` to ``starts[i + 1]``; its entries, or one value for all of it, are
    in ``coupling`` from ``places[i]`` to ``places[i + 1]``. Before step t it
    writes ``at_w[t] = sum_k mass_k (M_k)_00`` and ``at_y[t] = sum_k mass_k <rr^T, M_k>``, and it
    returns how many steps it made before one of them left the range of floats. ``drive`` is d and
    ``damping`` tau2/B for each mode.

    Parameters
    ----------
    memory
    nonzero : tuple of bool
        Which entries may differ from 0.
    coupled : bool
        Whether T has more than one value: then modes hear different noise.
    """
    program, inputs = step_program(memory, nonzero)
    each = {**_EACH_MODE, **({"noise": "heard"} if coupled else {})}
    moving = program.depends_on(*each, *(f"m{k}" for k in range(len(moment_pairs(memory)))))
    steps = range(len(program.steps))
    pairs = moment_pairs(memory)
    outputs = plain_outputs(program)
    entry = [f"{variable(name)} = entries[t, {place}]" for name, place in inputs.items()]
    following = [
        f"{variable(f'next_a{i}')} = entries[t + 1, {place}] if t + 1 < steps else following[{i}]"
        for i, place in _places_of_a(memory)
        if nonzero[place]
    ]
    loads = [f"{variable(f'm{k}')} = state[{k}, k]" for k in range(len(pairs))]
    modes = [f"{variable(name)} = {array}[k]" for name, array in each.items()]
    signature = (
        "i8(f8[:, :], f8[:], i8[::1], i8[::1], f8[::1], f8, f8[::1], f8[::1], f8[::1], f8[::1], "
        "f8[:, ::1], f8[::1], f8[::1])"
    )
    lines = [
        "from math import inf",
        "",
        *(["import numpy as np"] if coupled else []),
        "from numba import njit",
        "",
        "",
        f'@njit("{signature}", cache=True, nogil=True, error_model="numpy", '
        'fastmath={"reassoc", "contract", "nsz"})',
        "def run("
        "entries, following, starts, places, coupling, label, lam, mass, drive, damping, state, "
        "at_w, at_y):",
        "    steps, modes = entries.shape[0], lam.shape[0]",
        *(["    read, heard = np.empty(modes), np.empty(modes)"] if coupled else []),
        "    total_w, total_y = 0.0, 0.0",
        "    for k in range(modes):",
        *(f"        {line}" for line in _reading(memory, nonzero)),
        "        total_w += mass[k] * state[0, k]",
        "        total_y += mass[k] * y",
        *(["        read[k] = mass[k] * y"] if coupled else []),
        "    for t in range(steps):",
        "        at_w[t], at_y[t] = total_w, total_y",
        "        if not (abs(total_w) < inf and abs(total_y) < inf):",
        "            return t",
        *(f"        {line}" for line in (_HEARING if coupled else _ALIKE)),
        *(f"        {line}" for line in [*entry, *following]),
        *(f"        {line}" for line in plain_lines(program, [i for i in steps if not moving[i]])),
        "        total_w, total_y = 0.0, 0.0",
        "        for k in range(modes):",
        *(f"            {line}" for line in [*modes, *loads]),
        *(f"            {line}" for line in plain_lines(program, [i for i in steps if moving[i]])),
        *(f"            state[{k}, k] = {outputs[k]}" for k in range(len(pairs))),
        f"            total_w += mass[k] * {outputs[0]}",
        f"            total_y += mass[k] * {outputs[-1]}",
        *([f"            read[k] = mass[k] * {outputs[-1]}"] if coupled else []),
        f"        if t % {_BLOCK} == 0:",
        *(f"            {line}" for line in _flushing(len(pairs))),
        "    return steps",
    ]
    return "\n".join([*lines, ""])


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

    return trace(step, [*_EACH_MODE, "noise", *names, *next_a, *moments]), names


def _matrix(moments: Sequence[Any], memory: int) -> list[list[Any]]:
    places = {pair: k for k, pair in enumerate(moment_pairs(memory))}
    size = range(memory + 1)
    return [[moments[places[min(i, j), max(i, j)]] for j in size] for i in size]


def _places_of_a(memory: int) -> list[tuple[int, int]]:
    first = 1 + 2 * memory + memory**2
    return [(i, first + i) for i in range(memory)]


def _reading(memory: int, nonzero: Sequence[bool]) -> list[str]:
    """Return the lines that compute y = <rr^T, M> of a mode before the first step."""
    weights = {0: "1.0"}
    for i, place in _places_of_a(memory):
        if nonzero[place]:
            weights[i + 1] = f"entries[0, {place}]"
    terms = [
        f"{1.0 if i == j else 2.0} * {weights[i]} * {weights[j]} * state[{k}, k]"
        for k, (i, j) in enumerate(moment_pairs(memory))
        if i in weights and j in weights
    ]
    return [f"y = {' + '.join(terms)}"]


def _flushing(moments: int) -> list[str]:
    largest = [f"abs(state[{k}, k])" for k in range(moments)]
    small = " and ".join(f"{size} < {FLUSHED!r}" for size in largest)
    return [
        "for k in range(modes):",
        f"    if {small}:",
        *(f"        state[{k}, k] = 0.0" for k in range(moments)),
    ]
