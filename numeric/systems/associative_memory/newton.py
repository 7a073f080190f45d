r"""Newton's step on an associative memory, beside which Muon's is a step of first order.

At :math:`W=0` the Hessian of the loss is :math:`C\otimes S`, with the covariance C of all outputs
and :math:`S=\sum_ip_iu_iu_i^T`: Newton's step is :math:`C^{-1}GS^{-1}`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.systems.associative_memory.contest import BLOCK
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.symbolic.errors import InputError, shown

_FLAT = 1e-12  # of the largest eigenvalue


def newton_step(
    memory: AssociativeMemory, batch_size: Any = math.inf, *, progress: bool = False
) -> Array:
    """Return Newton's step from 0, in double precision.

    Parameters
    ----------
    memory : AssociativeMemory
    batch_size : int or infinity
        The Hessian is that of the same batch.
    progress : bool
        Show progress bars on stderr.

    Returns
    -------
    ndarray, shape (d, d)

    Raises
    ------
    InputError
        Where the Hessian is singular, as that of fewer samples than dimensions is.

    Examples
    --------
    >>> memory = AssociativeMemory(32, "1.5")
    >>> [len(memory.recovery(W).items) for W in (newton_step(memory), memory.muon(memory.step()))]
    [27, 22]
    """
    d, shares = memory.dimension, memory.shares(batch_size)
    S, second, mean = np.zeros((d, d)), np.zeros((d, d)), np.zeros(d)
    with shown_progress("Hessian", memory.items, progress) as advance:
        for begin in range(0, memory.items, BLOCK):
            end = min(begin + BLOCK, memory.items)
            u, v = (part(begin, end).astype(float) for part in (memory.inputs, memory.outputs))
            S += (u.T * shares[begin:end]) @ u
            second += v.T @ v
            mean += v.sum(0)
            advance(end - begin)
    mean /= memory.items
    C = second / memory.items - np.outer(mean, mean)
    for part, name in ((S, "inputs"), (C, "outputs")):
        values = np.linalg.eigvalsh(part)
        if values[0] <= _FLAT * values[-1]:
            size = "" if is_infinite(batch_size) else f" in a batch of {shown(batch_size)}"
            raise InputError(
                f"the Hessian is singular: its {name}{size} do not span {d} dimensions"
            )
    G = memory.step(batch_size, progress=progress)
    step: Array = np.linalg.solve(C, np.linalg.solve(S, G.T).T)
    return step
