r"""The modes that verdicts in floats on methods that repeat themselves look at, infinite laws too.

At :math:`\lambda=0` a period leaves w as it is, and the slowest eigenvalue is
:math:`1-c\lambda+O(\lambda^2)`, c being the sum of what the kicks of each step leave in w after
all: that of T effective learning rates. Below some :math:`\lambda_c`, where floats no longer tell
this eigenvalue from 1, modes die out if c > 0 and what else there is at 0 does, and products of
responses are in proportion to :math:`\lambda`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.judges.noiseless import LISTED
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.schedule import Steps
from sgdmem.numeric.spectra.power_law_quadrature import LongLaw

_HEAD, _CLOSE = 256, 2.0  # eigenvalues of a law one by one; ratio of the ends of its panels
_SLOWEST = 1e-8  # what a period takes from the modes of a law that are seen
_LEAST = 1e-10  # the same where floats tell it from 0
_CANCELLED = 1e-4  # of the terms of c: then modes of a law may be slow for other reasons


@dataclass(frozen=True)
class FloatModes:
    """Eigenvalues, and what is known of small ones.

    Attributes
    ----------
    eigenvalues, weights : ndarray, shape (N,)
        Of the spectrum, or the nodes of a rule for a power law.
    listed : ndarray
        Where modes must die out.
    pull : float
        c, nan under weight decay of any kind.
    rest : float
        The largest eigenvalue, in size, of what else there is at 0.
    is_law : bool
        Whether eigenvalues of any size follow.
    parts : ndarray, shape (N,), or float
        What p is multiplied by: it is found at larger eigenvalues than small ones.
    """

    eigenvalues: Array
    weights: Array
    listed: Array
    pull: float
    rest: float
    is_law: bool
    parts: Array | float = 1.0

    @classmethod
    def of(cls, steps: Steps, problem: Problem, noise: BatchNoise) -> FloatModes:
        """Return the modes of a problem, for the steps of a period."""
        spectrum = problem.spectrum
        decays = problem.weight_decay or steps.shrink.any()
        pull, rest = (math.nan, 0.0) if decays else slow_mode(steps)
        long = None if noise.by_mode else spectrum.long
        if not isinstance(long, LongLaw):
            lam = spectrum.eigenvalues
            return cls(lam, spectrum.weights, lam, pull, rest, is_law=False)
        rule = long.rule(_HEAD, long.edges(_HEAD, _CLOSE))
        more = long.rule(LISTED, long.edges(LISTED, _CLOSE))
        lam, weights, listed = rule.nodes.mid, rule.weights, more.nodes.mid
        found = cls(lam, weights, listed, pull, rest, spectrum.is_infinite)
        least = found.smallest
        small, listed = lam < least, np.append(listed[listed > least], least)
        if not small.any():
            return found
        if noise.tau2 != 0:  # each hears itself, too
            places = np.maximum(lam, least)
            return replace(found, eigenvalues=places, parts=lam / places, listed=listed)
        return replace(
            found,
            eigenvalues=np.append(lam[~small], least),
            weights=np.append(weights[~small], float(weights[small] @ lam[small]) / least),
            listed=listed,
        )

    @property
    def smallest(self) -> float:
        """The eigenvalue below which modes of a law are those near 0."""
        return _SLOWEST / self.pull if self.is_law and self.pull > 0 else 0.0

    def growth(self, radii: Array) -> float:
        """Return a number that is below 1 if all modes die out, from the radii of those ``listed``.

        1 less what a period takes from each, over what is to be expected near 0.
        """
        if self.is_law and self.pull <= 0:
            return math.inf if self.pull < 0 else 1.0
        if not self.pull > 0:
            return float(radii.max())
        taken = (1 - radii) / np.clip(self.pull * self.listed, _LEAST, 1)
        rest = self.rest if self.is_law else 0.0
        return max(rest, 1 - float(taken.min()))


def slow_mode(steps: Steps) -> tuple[float, float]:
    """Return c, and the largest eigenvalue, in size, beside 1 of a period at lambda = 0.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> from sgdmem.numeric.schedules.schedule import Schedule
    >>> pull, rest = slow_mode(Schedule.constant(heavy_ball(0.1, 0.5)).steps(0, 3))
    >>> round(pull, 12), round(rest, 12)
    (0.6, 0.125)
    """
    still, _ = steps.state_matrices
    pushes = np.column_stack([-steps.alpha, steps.c])
    period = np.eye(still.shape[1])
    for S in still:
        period = S @ period
    D = period[1:, 1:]
    rest = float(np.abs(np.linalg.eigvals(D)).max()) if D.size else 0.0
    if not rest < 1:
        return -math.inf, rest
    heard = np.concatenate([[1.0], period[0, 1:] @ np.linalg.inv(np.eye(len(D)) - D)])
    terms = []
    for S, v in zip(still[::-1], pushes[::-1], strict=True):
        terms.append(-float(heard @ v))
        heard = heard @ S
    largest = max(map(abs, terms)) or 1.0  # sums may leave the range of floats
    parts = [x / largest for x in terms]
    total = math.fsum(parts)
    return (largest * total if abs(total) > _CANCELLED * math.fsum(map(abs, parts)) else 0.0), rest
