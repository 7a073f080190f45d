"""Which samples limit a learning rate, and along which directions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.noise_sums.kinds_of_noise import is_sampled
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts import limits
from sgdmem.symbolic.errors import InputError

_MOST_SHOWN, _MOST_TOLD = 5, 20  # samples in a text, and in JSON
_LIGHT = 0.01  # share of a sample that a text need not name
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
        The heaviest sample first, with all of them in place.
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
    >>> round(verdict.critical_scale, 6), round(verdict.rows.critical_scale_without(1), 6)
    (1.6, 40.0)
    """

    indices: Array
    shares: Array
    directions: Array
    direction_shares: Array
    _judge: Judge = field(repr=False, compare=False)

    @classmethod
    def of(cls, judge: Judge) -> LimitingRows:
        """Read the shares from the matrix that belongs to the radius.

        Raises
        ------
        InputError
            If the noise is not that of samples, or the method is not stable without it.
        """
        operator = judge.joint.operator
        if not is_sampled(operator):
            raise InputError("rows belong to a verdict on samples: Problem.from_data(X)")
        if judge.noise.is_quiet:
            raise InputError("no row limits the rate of full batches: they have no noise")
        if not judge.noiseless_is_stable:
            raise InputError("rows have no part in it: the method is not stable without noise")
        if not any(judge.algorithm.polynomials.Q):
            raise InputError("no row limits a method that does nothing with gradients")
        samples, matrix = operator.samples, operator.leading_matrix(judge.form)
        shares = samples.weights * samples.squared_forms(matrix)
        shares = shares / shares.sum()
        order = np.argsort(-shares, kind="stable")
        values, vectors = np.linalg.eigh(matrix if np.trace(matrix) >= 0 else -matrix)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        directions = (vectors / np.sqrt(samples.eigenvalues)[:, None]).T @ samples.axes
        directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(order, shares[order], directions, values / values.sum(), judge)

    @property
    def effective(self) -> float:
        """How many samples share it: 1 over the sum of the squared shares."""
        return float(1 / (self.shares**2).sum())

    def critical_scale_without(self, count: int) -> float:
        """Return the largest stable factor on the rate if the heaviest samples are left out.

        Of those left others may be the heaviest ones: they are looked for again after each few.
        So it is not the rate of ``problem.without(rows.indices[:count])``, which may be far less:
        ``indices`` are in the order of the shares that samples have beside all others.

        Raises
        ------
        InputError
            Unless some samples are left, and, without replacement, a batch of them.
        """
        left, rows, judge = whole(count, "count", 0, len(self.indices) - 1), self, self._judge
        while left:
            heavy = min(left, max(1, int((rows.shares >= _HEAVY).sum())))
            judge = _without(judge, rows.indices[:heavy])
            left -= heavy
            rows = LimitingRows.of(judge) if left else rows
        scales = limits.stable_scales(judge)
        return scales[-1][1] if scales else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: the twenty heaviest samples, no directions.

        Examples
        --------
        >>> from sgdmem import Problem, sgd, stability
        >>> problem = Problem.from_data([[1.0, 0.0], [0.0, 0.0], [0.0, 5.0]])
        >>> stability(sgd(0.01), problem, batch_size=1).rows.to_dict()["indices"]
        [2, 0, 1]
        """
        return {
            "effective": self.effective,
            "indices": self.indices[:_MOST_TOLD].tolist(),
            "shares": self.shares[:_MOST_TOLD].tolist(),
        }

    def __repr__(self) -> str:
        return f"<LimitingRows: {self}>"

    def __str__(self) -> str:
        alike = f"as if {self.effective:.3g} had equal shares"
        named = int((self.shares[:_MOST_SHOWN] >= _LIGHT).sum())
        if not named:
            return f"none of {len(self.indices):,} stands out, {alike}"
        pairs = zip(self.indices[:named], self.shares[:named], strict=True)
        shown = ", ".join(f"{index} ({percent(share, 0)})" for index, share in pairs)
        more = ", …" if named < len(self.indices) else ""
        count = f"{len(self.indices):,}, counted from 0"
        return f"{shown}{more} of {count}; {alike}"


def _without(judge: Judge, indices: Array) -> Judge:
    """Return the same question without some samples."""
    samples = judge.noise.samples
    assert samples is not None  # they have rows that limit
    left = samples.without(indices)
    noise = Noise(samples=left).at(1 / judge.noise.inverse_batch)
    spectrum = Spectrum(left.eigenvalues).decayed(judge.original_spectrum.weight_decay)
    return replace(judge, original_spectrum=spectrum, noise=noise)
