"""The algorithm of a memory, of free symbols."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import FAMILIES as FAMILIES
from sgdmem.symbolic.errors import InputError, shown


def general(memory: int, *, shifted: bool = False) -> Algorithm:
    """Return the algorithm of the given memory whose entries are free symbols.

    Memory 1 uses the letters of the matrix [[-alpha, beta], [gamma, delta]], a larger memory
    ``alpha, b_1 ..., c_1 ..., D_11 ...``, and ``a_1 ...`` if it is shifted.

    Parameters
    ----------
    memory : int
        From 0 to 20.
    shifted : bool
        Whether a is free too.

    Raises
    ------
    InputError
        If ``memory`` is not an integer from 0 to 20.

    Examples
    --------
    >>> general(1).effective_learning_rate
    (alpha*delta - alpha + beta*gamma)/(delta - 1)
    """
    if isinstance(memory, bool) or not isinstance(memory, int) or not 0 <= memory <= 20:
        raise InputError(f"memory must be an integer from 0 to 20, got {shown(memory)}")
    from sympy import Symbol

    def symbol(name: str) -> Any:
        return Symbol(name, real=True)

    places = range(1, memory + 1)
    if memory == 1:
        b, c, D, a = symbol("beta"), symbol("gamma"), symbol("delta"), symbol("a")
    else:
        b, c, a = (tuple(symbol(f"{key}_{i}") for i in places) for key in "bca")
        D = tuple(tuple(symbol(f"D_{i}{j}") for j in places) for i in places)
    name = f"general memory-{memory} algorithm"
    return Algorithm(symbol("alpha"), b, c, D, a if shifted else (), name=name, title=name)
