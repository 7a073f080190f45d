r"""Steps on Gaussian features: source of machine code, written for the entries of a method.

In the coordinates of `sgdmem.numeric.simulation.steps`, features are standard normal. With
residuals e of the variance :math:`\sigma^2`, no row is drawn. With :math:`s^2 = |y|^2+\sigma^2`,
:math:`Xy-e=sq` has independent standard normal entries q, and given q row i of X is normal with the
mean :math:`(q_i/s)\,y` and the covariance :math:`1-yy^T/s^2`, whose root is
:math:`1-yy^T/(s(s+\sigma))`. So :math:`|q|^2 = \chi^2` has a chi-squared distribution of B degrees
of freedom and, :math:`\xi` standard normal, whatever the batch size,

.. math:: h = \tfrac sBX^Tq
    = \tfrac1B\Bigl[\Bigl(\chi^2 - \chi\tfrac{y^T\xi}{s+\sigma}\Bigr)y + \chi s\xi\Bigr].

The factors are known once the sums over all modes are. So modes are gone through once a step, in
blocks that stay in the cache: each moves by the last step's factors, then draws its number for the
next step and adds to the sums.
"""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache

from sgdmem.numeric.compilation.code_keys import own_source

MODES = 32  # they are padded to multiples
_BLOCK = 32  # 16 modes each: with a memory of 1 all their numbers take 16 KiB
_NORMALS = "sgdmem.numeric.simulation.machine_code_of_normals"
_RUN = """

@machine_code(
    "f8[:,::1], f8[::1], f8, f8, f8, f8[:,::1], i8[:,::1], f8[:,::1], f8[:,::1], "
    "i1[::1], f8[::1], i8[::1]"
)
def run(
    entries, squares, batch, label, decay, eigenvalues, streams, state, numbers,
    kept, losses, counts
):
    steps, parts = kept.size, eigenvalues.shape[1] // 16
    straight, spread, place, row = 0.0, 0.0, 0, numbers[0]
    counts[0] = 0
    for t in range(steps + 1):
        last, following = t - 1 if t > 0 else 0, t if t < steps else 0
        {entries}
        squared, others, along, length = 0.0, 0.0, 0.0, 0.0
        for first in range(0, parts, {block}):
            end = min(first + {block}, parts)
            if t > 0:
                for p in lanes(16 * first, 16 * end):
                    w, lam = state[0, p], eigenvalues[0, p]
                    {moved}
            if t < steps:
                some = row[16 * first : 16 * end]
                draw(streams, shaped(some, (2, 8 * (end - first))))
                for p in lanes(16 * first, 16 * end):
                    y = state[0, p]
                    {read}
                    along = along + y * numbers[0, p]
                    length = length + y * y
        if t > 0:
            loss = 0.5 * squared
            if loss < inf:
                counts[0] = t
                if kept[last]:
                    losses[place] = loss
                    place = place + 1
            else:
                break
            {rescaled}
        if t < steps:
            size, root = sqrt(length + label), sqrt(label)
            chi = sqrt(squares[t])
            part = along / (size + root) if size > 0.0 else 0.0
            straight = (squares[t] - chi * part) / batch
            spread = chi * size / batch
"""
# by a power of two, so that nothing is rounded: the state, and the sums for the next step
_RESCALED = """
total = squared + others
if not (1e-100 < total and total < 1e100) and total > 0.0 and total < inf:
    half = (bits_of(total) >> 53) - 511
    factor = float_of((1023 - half) << 52)
    counts[1] = counts[1] + half
    along, length = along * factor, length * factor * factor
    for p in lanes(16 * parts):
        {rows}
"""


@lru_cache(maxsize=64)
def gaussian_source(
    memory: int, nonzero: tuple[bool, ...], decays: bool = False, homogeneous: bool = False
) -> str:
    """Return the source of a kernel ``run`` that makes steps of one run.

    Its arguments are ``entries`` (one step a row, in the order of `Steps.table`), chi-``squares``
    for each step, the ``batch`` size, the ``label`` variance, the weight ``decay``;
    ``eigenvalues``, shape (1, N), ``streams`` as in `draw`, the ``state``, shape (1 + memory, N),
    overwritten, room for ``numbers``, shape (1, N); which losses are ``kept``, where, and
    ``counts``: of the steps made before the loss left the range of floats and, if homogeneous, the
    exponent of the power of two by which the state is to be multiplied.

    Parameters
    ----------
    memory
    nonzero : tuple of bool
        Which entries may differ from 0.
    decays : bool
        Whether there is weight decay.
    homogeneous : bool
        Whether the state is rescaled where it nears the end of the range of floats.
    """
    each = range(1, memory + 1)
    names = ["alpha", *(f"b{i}" for i in each), *(f"c{i}" for i in each)]
    names += [f"d{i}_{j}" for i in each for j in each]
    names += [*(f"a{i}" for i in each), "shrink"]
    places = {name: at for at, name in enumerate(names) if nonzero[at]}
    used = [f"a{i}" for i in each if f"a{i}" in places]
    rows = [f"state[{i}, p] = state[{i}, p] * factor" for i in range(memory + 1)]
    parts = {
        "entries": [f"{name} = entries[last, {at}]" for name, at in places.items()]
        + [f"next_{name} = entries[following, {places[name]}]" for name in used],
        "moved": _moved(memory, places, decays, homogeneous),
        "read": [f"y = fma(next_{name}, state[{name[1:]}, p], y)" for name in used],
        "rescaled": _RESCALED.format(rows="\n        ".join(rows)).strip().splitlines()
        if homogeneous
        else [],
    }
    lines = []
    for line in _RUN.format_map({"block": _BLOCK, **{x: f"<{x}>" for x in parts}}).splitlines():
        text = line.lstrip(" ")
        if text[1:-1] in parts:
            lines += [line[: -len(text)] + part for part in parts[text[1:-1]]]
        else:
            lines.append(line)
    return own_source(_NORMALS).replace("from math import sqrt", "from math import inf, sqrt") + (
        "\n".join(lines) + "\n"
    )


def _moved(memory: int, some: Container[str], decays: bool, homogeneous: bool) -> list[str]:
    """Return what a step does with a mode."""
    each = range(1, memory + 1)
    lines = [f"u{i} = state[{i}, p]" for i in each]
    lines += ["y = w", *(f"y = fma(a{i}, u{i}, y)" for i in each if f"a{i}" in some)]
    lines.append("g = lam * fma(straight, y, spread * numbers[0, p])")
    lines += ["g = fma(decay, y, g)"] if decays else []
    lines += ["w = fma(-shrink, w, w)"] if "shrink" in some else []
    lines += ["w = fma(-alpha, g, w)"] if "alpha" in some else []
    lines += [f"w = fma(b{i}, u{i}, w)" for i in each if f"b{i}" in some]
    lines += ["state[0, p] = w", "squared = squared + w * w"]
    for i in each:
        lines.append(f"v = c{i} * g" if f"c{i}" in some else "v = 0.0")
        lines += [f"v = fma(d{i}_{j}, u{j}, v)" for j in each if f"d{i}_{j}" in some]
        lines += [f"state[{i}, p] = v", *(["others = others + v * v"] if homogeneous else [])]
    return lines
