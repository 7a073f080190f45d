"""The two edges at which sharpness is said to rest: without noise, and at small batches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError


@dataclass(frozen=True)
class SharpnessEdges:
    """Where sharpness would rest, by what is written of the edge of stability.

    Attributes
    ----------
    full_batch : float
        Of the largest curvature without noise, proved for the quadratic model: 2 / learning rate
        of SGD, 2 (1 + beta) / learning rate of the heavy ball. Batch Sharpness of large batches is
        said to rest there too.
    small_batch : float
        Of Batch Sharpness at small batches, an empirical plateau: 2 / effective learning rate,
        which is 2 (1 - beta) / learning rate of the heavy ball (arXiv 2604.14108). NaN without such
        a rate.
    """

    full_batch: float
    small_batch: float


def sharpness_edges(method: Algorithm, weight_decay: float = 0.0) -> SharpnessEdges:
    """Return both edges of a method.

    Parameters
    ----------
    method : Algorithm
    weight_decay : float
        In the gradient: the curvature of the loss alone has as much less. Decay outside of it is
        disregarded at the edge of Batch Sharpness.

    Examples
    --------
    >>> from sgdmem import torch_sgd
    >>> edges = sharpness_edges(torch_sgd(0.1, 0.9))
    >>> round(edges.full_batch, 9), round(edges.small_batch, 9)
    (38.0, 2.0)
    """
    problem = Problem(Spectrum([1.0]), weight_decay=weight_decay)
    full = stability(method, problem).critical_eigenvalue
    try:
        rate = float(replace(method, shrink=0).effective_learning_rate)
        small = 2 / rate if rate else math.inf
    except UndefinedError:  # a memory that keeps everything
        small = math.nan
    return SharpnessEdges(float(full), small)
