r"""Several steps of SGD and of Muon on an associative memory, with thresholded gradients.

Problem
    That of `AssociativeMemory`. Later gradients depend on how far the softmax of each item is from
    its output. The thresholded approximation takes an item that is recovered for learned, without a
    gradient, and any other for unknown, with its gradient at :math:`W=0`.
Algorithm
    :math:`W\leftarrow W+S`; with the gradient G of what is not recovered, S is
    :math:`G/\lVert G\rVert` for SGD and :math:`h_\lambda(G)` for Muon. Here
    :math:`\lambda=p_n\sqrt{n/d}` of n recovered items, or d, if that is more: about the singular
    values of what is left, or 1/B. In the paper it is :math:`d_{t+1}^{-\alpha}\sqrt d` up to
    logarithms, with the number of items after the step, which is the same power of d.
Guarantee
    None: steps of Muon are the paper's as far as they are known here, those of SGD our
    reconstruction, and `thresholded_exponents` are heuristic.
    With :math:`n=d^a` items recovered, item i is if :math:`p_i` exceeds what others add to scores:
    the heaviest one left adds :math:`p_n/\sqrt d`, all of them together
    :math:`n^{1/2-\alpha}/d`. So a becomes the smaller of :math:`a+1/2\alpha` and
    :math:`1/\alpha+(1-1/2\alpha)a`. SGD begins at a = 0, and Muon, which levels the d heaviest, at
    a = 1; both end at 2. That earlier steps disturb, too, is left out.

References
----------
    J. Kim, E. Nichani, D. Wu, A. Bietti and J. D. Lee, Sharp capacity scaling of spectral
    optimizers in learning associative memory, arXiv 2603.26554 (2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.systems.associative_memory.contest import Recovery
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.reduced_muon import read_exponent
from sgdmem.numeric.systems.associative_memory.spectral_step import spectral_step
from sgdmem.symbolic.errors import InputError, shown

_RULES = "SGD", "Muon"


def thresholded_steps(
    memory: AssociativeMemory,
    rule: str,
    steps: Any,
    batch_size: Any = math.inf,
    *,
    relearn: bool = False,
    progress: bool = False,
) -> Iterator[Recovery]:
    """Yield what is recovered after each of several steps, with thresholded gradients.

    Parameters
    ----------
    memory : AssociativeMemory
    rule : str
        "SGD" or "Muon".
    steps : int
    batch_size : int or infinity
        All steps take the same batch.
    relearn : bool
        Items that are lost again have gradients again; otherwise what was recovered once has none
        any more, as in the heuristic. With relearning SGD lags behind that: the heaviest items
        that were lost set the size of its step.
    progress : bool
        Show progress bars on stderr.

    Raises
    ------
    InputError
        For another rule, and numbers out of their range.

    Examples
    --------
    >>> memory = AssociativeMemory(32, "1.5")
    >>> [len(found.items) for found in thresholded_steps(memory, "SGD", 3)]
    [6, 10, 14]
    """
    muon = _is_muon(rule)
    d = memory.dimension
    W, learned = np.zeros((d, d)), np.zeros(0, int)
    for _ in range(whole(steps, "steps", 1, 10**6)):
        G = memory.step(batch_size, without=learned, progress=progress)
        if G.any() and muon:
            W = W + spectral_step(G, memory.regularization(batch_size, learned=len(learned)))
        elif G.any():
            W = W + G / np.linalg.norm(G, 2)
        found = memory.recovery(W, progress=progress)
        learned = found.items if relearn else np.union1d(learned, found.items)
        yield found


def thresholded_exponents(exponent: Any, rule: str, steps: Any) -> list[float]:
    r"""Return a such that about :math:`d^a` items are recovered after each step: heuristic.

    For Muon :math:`2-(1-1/2\alpha)^t`, as the paper has it.

    Parameters
    ----------
    exponent : number
        :math:`\alpha`, above 1/2.
    rule : str
        "SGD" or "Muon".
    steps : int

    Raises
    ------
    InputError
        For another rule, and numbers out of their range.

    Examples
    --------
    >>> thresholded_exponents(1, "Muon", 3), thresholded_exponents(1, "SGD", 4)
    ([1.5, 1.75, 1.875], [0.5, 1.0, 1.5, 1.75])
    """
    alpha = read_exponent(exponent)
    a, found = float(_is_muon(rule)), []
    for _ in range(whole(steps, "steps", 1, 10**6)):
        a = min(a + 1 / (2 * alpha), 1 / alpha + (1 - 1 / (2 * alpha)) * a)
        found.append(a)
    return found


def _is_muon(rule: Any) -> bool:
    if rule not in _RULES:
        raise InputError(f"rule must be SGD or Muon, got {shown(rule)}")
    return bool(rule == "Muon")
