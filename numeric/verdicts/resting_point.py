r"""Where a method that shrinks w comes to rest on labelled data: it depends on the algorithm.

About the minimum :math:`w_*` (of the loss and of decay in the gradient) the state z of a mode moves
in the mean by :math:`z\leftarrow Sz-\sigma w_*e_0`, and rests at
:math:`z_s=-\sigma(1-S)^{-1}e_0w_*`. There gradients are taken at :math:`y_s=r^Tz_s`, with the
residuals :math:`e-Jy_s`; from there on everything is as about a minimum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.problems.samples import Samples
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError


@dataclass(frozen=True, eq=False)
class RestingPoint:
    """The mean state at rest, whitened, for R sets of labels.

    Attributes
    ----------
    states : ndarray, shape (R, N, M + 1)
        Relative to the minimum.
    samples : Samples
        With the residuals at the gradient's point, and the mean that they leave.
    pull : ndarray, shape (R, N)
        The same mean of the residuals at w: the loss is less by that times the distance of w.
    rise : float
        The loss there above that of the minimum.
    """

    states: Array
    samples: Samples
    pull: Array
    rise: float

    @classmethod
    def of(cls, problem: Problem, algorithm: Algorithm) -> RestingPoint | None:
        """Return that of an algorithm; None where it is the minimum of the problem.

        InputError if there is none: a root of P - lambda Q is 1.
        """
        samples = problem.samples
        if algorithm.shrink == 0 or samples is None or samples.residuals is None:
            return None
        assert samples.minimum is not None  # there are labels
        shrink, M = float(algorithm.shrink), algorithm.memory
        # 1 - S by its entries: of slow modes it is nearly singular, and 1 less S is mostly rounding
        away = np.zeros((M + 1, M + 1))
        away[0] = [shrink, *(-float(x) for x in algorithm.b)]
        own = [float((i == j) - x) for i, row in enumerate(algorithm.D) for j, x in enumerate(row)]
        away[1:, 1:] = np.reshape(own, (M, M))
        v = np.array([-algorithm.alpha, *algorithm.c], dtype=float)
        r = np.array([1, *algorithm.a], dtype=float)
        drift = samples.eigenvalues + float(problem.weight_decay)
        systems = away - drift[:, None, None] * np.multiply.outer(v, r)
        try:
            unit = np.linalg.solve(systems, np.eye(M + 1)[:, :1])[:, :, 0]
        except np.linalg.LinAlgError:
            raise InputError(
                "algorithm must have no root of P - lambda Q at 1: it comes to rest nowhere"
            ) from None
        states = -shrink * samples.minimum[:, :, None] * unit
        at_gradient, w = states @ r, states[:, :, 0]
        before = np.zeros_like(w) if samples.pull is None else samples.pull
        left = samples.residuals - np.moveaxis(samples.forms(at_gradient.T), 2, 0)
        moved = replace(samples, residuals=left, pull=before - at_gradient)
        rise = float((w**2).sum() / 2 - (before * w).sum())
        return cls(states, moved, before - w, rise)
