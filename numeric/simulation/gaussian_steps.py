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

from functools import lru_cache

from sgdmem.numeric.compilation.code_keys import own_source
from sgdmem.numeric.simulation.steps import (
    entry_places,
    filled,
    moved_lines,
    read_lines,
    rescaled_lines,
)

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
    kept, losses, ends
):
    steps, parts = kept.size, eigenvalues.shape[1] // 16
    straight, spread, place, row = 0.0, 0.0, 0, numbers[0]
    ends[0] = 0
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
                ends[0] = t
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


@lru_cache(maxsize=64)
def gaussian_source(
    memory: int, nonzero: tuple[bool, ...], decays: bool = False, homogeneous: bool = False
) -> str:
    """Return the source of a kernel ``run`` that makes steps of one run.

    Its arguments are ``entries`` (one step a row, in the order of `Steps.table`), chi-``squares``
    for each step, the ``batch`` size, the ``label`` variance, the weight ``decay``;
    ``eigenvalues``, shape (1, N), ``streams`` as in `draw`, the ``state``, shape (1 + memory, N),
    overwritten, room for ``numbers``, shape (1, N); which losses are ``kept``, where, and
    ``ends``: how many steps were made before the loss left the range of floats and, if homogeneous,
    the exponent of the power of two by which the state is to be multiplied.

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
    places = entry_places(memory, nonzero)
    gradient = ["g = lam * fma(straight, y, spread * numbers[0, p])"]
    gradient += ["g = fma(decay, y, g)"] if decays else []
    sums = "along, length = along * factor, length * factor * factor"
    parts = {
        "entries": [f"{name} = entries[last, {at}]" for name, at in places.items()]
        + [
            f"next_{name} = entries[following, {at}]"
            for name, at in places.items()
            if name[0] == "a" and name != "alpha"
        ],
        "moved": moved_lines(memory, places, gradient, homogeneous),
        "read": read_lines(places, "next_"),
        "rescaled": rescaled_lines(memory, sums) if homogeneous else [],
    }
    head = own_source(_NORMALS).replace("from math import sqrt", "from math import inf, sqrt")
    return head + filled(_RUN, parts, block=_BLOCK)
