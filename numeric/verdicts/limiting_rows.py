"""Which samples limit a learning rate, and along which directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.problems.samples import Samples

if TYPE_CHECKING:
    from sgdmem.numeric.verdicts.verdict import Verdict

_MOST_SHOWN = 5
_HEAVY = 0.1  # share of a sample that is left out together with a heavier one


@dataclass(frozen=True)
class LimitingRows:
    r"""The samples of a verdict's problem by what they have in the radius of its noise operator.

    With N the matrix that belongs to the radius (of the second moments at the gradient's point, in
    whitened coordinates), sample s with probability :math:`p_s` has a share proportional to
    :math:`p_s|Z_s^TNZ_s|^2`. A few samples with nearly all of it limit the learning rate.

    Attributes
    ----------
    indices : ndarray of int, shape (n,)
        The heaviest sample first.
    shares : ndarray, shape (n,)
        Of these, falling, with the sum 1.
    directions : ndarray, shape (N, d)
        Unit vectors of w, those along which the noise feeds itself most first.
    direction_shares : ndarray, shape (N,)
        Of the loss in each of them, falling, with the sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sgdmem import Problem, sgd, stability
    >>> rows = np.array([[1.0, 0.0]] * 99 + [[0.0, 5.0]])
    >>> verdict = stability(sgd(0.05), Problem.from_data(rows), batch_size=1)
    >>> int(verdict.rows.indices[0]), round(verdict.rows.effective, 3)
    (99, 1.0)
    >>> round(verdict.critical_scale, 6), round(verdict.rows.without(1).critical_scale, 6)
    (1.6, 40.0)
    """

    indices: Array
    shares: Array
    directions: Array
    direction_shares: Array
    verdict: Verdict

    @classmethod
    def of(cls, samples: Samples, matrix: Array, verdict: Verdict) -> LimitingRows:
        """Read the shares from the matrix of the largest Ritz value."""
        shares = samples.weights * samples.squared_forms(matrix)
        shares = shares / shares.sum()
        order = np.argsort(-shares, kind="stable")
        values, vectors = np.linalg.eigh(matrix if np.trace(matrix) >= 0 else -matrix)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        directions = (vectors / np.sqrt(samples.eigenvalues)[:, None]).T @ samples.axes
        directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(order, shares[order], directions, values / values.sum(), verdict)

    @property
    def effective(self) -> float:
        """How many samples share it: 1 over the sum of the squared shares."""
        return float(1 / (self.shares**2).sum())

    def without(self, count: int) -> Verdict:
        """Return the verdict of the same method on the data without the heaviest samples.

        Of those left others may be the heaviest ones: they are looked for again after each few.

        Raises
        ------
        InputError
            Unless some samples are left.
        """
        from sgdmem.numeric.verdicts.stability import verdict_of

        left = whole(count, "count", 0, len(self.indices) - 1)
        verdict, rows = self.verdict, self
        while left:
            heavy = max(1, int((rows.shares >= _HEAVY).sum()))
            problem = verdict.problem.without(rows.indices[: min(left, heavy)])
            noise = problem.noise.at(1 / verdict.noise.inverse_batch)
            verdict = verdict_of(verdict.algorithm, problem, noise)
            left -= min(left, heavy)
            rows = verdict.rows if left else rows
        return verdict

    def __str__(self) -> str:
        pairs = zip(self.indices[:_MOST_SHOWN], self.shares[:_MOST_SHOWN], strict=True)
        shown = ", ".join(f"{index} ({share:.2g})" for index, share in pairs)
        more = ", …" if len(self.indices) > _MOST_SHOWN else ""
        return f"{self.effective:.3g} effective; {shown}{more}"
