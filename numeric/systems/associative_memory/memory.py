r"""One step of SGD and of Muon on a linear associative memory, and what it recovers.

Problem
    N items, seen with frequencies :math:`p_i\propto i^{-\alpha}`, have inputs :math:`u_i` and
    outputs :math:`v_i`, Gaussian in d dimensions with the mean square length 1
    (`AssociativeMemory`), or orthonormal. A matrix W gives output j the score
    :math:`v_j^TWu_i` for input i, and the loss is
    :math:`-\sum_ip_i\log\operatorname{softmax}_i(v_j^TWu_i)_j`. An item is *recovered* if its
    own output has the largest score of all N.
Algorithm
    One step from :math:`W=0` along the negative gradient there,

    .. math:: G=\sum_ip_i(v_i-\bar v)u_i^T,\qquad\bar v=\frac1N\sum_jv_j,

    of the population or of a batch (:math:`p_i` is then the share of i in it): SGD takes G, and
    Muon :math:`h_\lambda(G)=G(G^TG+\lambda^2I)^{-1/2}`. Learning rates scale all scores alike.
Guarantee
    What is recovered is simulated: drawn embeddings, every score of all N outputs. Scores are
    single precision, with a bound on their rounding; an item whose decision is within it is counted
    as undecided, not as recovered. The paper's rates, :math:`d^{1/2\alpha}` for SGD and
    :math:`d^{1+1/2\alpha}` for Muon, are limits up to logarithms.

References
----------
    J. Kim, E. Nichani, D. Wu, A. Bietti and J. D. Lee, Sharp capacity scaling of spectral
    optimizers in learning associative memory, arXiv 2603.26554 (2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.systems.associative_memory.contest import BLOCK, Contest, Recovery
from sgdmem.numeric.systems.associative_memory.spectral_step import finite_matrix, spectral_step
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_MOST_KEPT = 2**22  # numbers of a memory's inputs, or outputs, up to which they are kept
_MOST_ITEMS, _MOST_DIMENSIONS, _MOST_SAMPLES = 10**8, 10**4, 10**15
_INPUTS, _OUTPUTS, _SAMPLES = range(3)  # streams of random numbers


@dataclass(frozen=True, init=False)
class AssociativeMemory:
    r"""Items of power-law frequencies with Gaussian embeddings.

    Parameters
    ----------
    dimension : int
        d, of inputs and outputs.
    exponent : number
        :math:`\alpha` of the frequencies, positive; the paper has it above 1.
    items : int, optional
        N, by default :math:`d^2`, or d if embeddings are orthogonal.
    seed : int
        Of embeddings and batches. Embeddings are drawn block by block whenever they are needed.
    orthogonal : bool
        Inputs are orthonormal, and outputs are, as random directions; at most d items, 4096 of
        them.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> memory = AssociativeMemory(32, "1.5")
    >>> G = memory.step()
    >>> [len(memory.recovery(W).items) for W in (G, memory.muon(G))]
    [6, 22]
    """

    dimension: int
    exponent: float
    items: int
    seed: int
    orthogonal: bool

    def __init__(
        self,
        dimension: Any,
        exponent: Any,
        items: Any = None,
        *,
        seed: Any = 0,
        orthogonal: bool = False,
    ) -> None:
        d = whole(dimension, "dimension", 2 if orthogonal else 1, _MOST_DIMENSIONS)
        most = min(d, BLOCK) if orthogonal else _MOST_ITEMS
        usual = most if orthogonal else max(d**2, 2)
        count = usual if items is None else whole(items, "items", 2, most)
        vars(self).update(  # frozen
            dimension=d,
            exponent=bounded_float(exponent, "exponent", 30.0),
            items=count,
            seed=whole(seed, "seed", 0),
            orthogonal=bool(orthogonal),
        )

    @cached_property
    def frequencies(self) -> Array:
        """Of all items, shape (N,)."""
        found: Array = np.arange(1.0, self.items + 1) ** -self.exponent
        found /= found.sum()
        return found

    def inputs(self, first: int = 0, last: int | None = None) -> Array:
        """Return the inputs of items first to last - 1, single precision, a row for each."""
        return self._embeddings(_INPUTS, first, last)

    def outputs(self, first: int = 0, last: int | None = None) -> Array:
        """Return the outputs of items first to last - 1, single precision, a row for each."""
        return self._embeddings(_OUTPUTS, first, last)

    def _embeddings(self, stream: int, first: int, last: int | None) -> Array:
        last = self.items if last is None else min(whole(last, "last", 0), self.items)
        first = min(whole(first, "first", 0), last)
        d = self.dimension
        if self.orthogonal:
            columns = np.random.default_rng([self.seed, stream]).standard_normal((d, self.items))
            found: Array = np.linalg.qr(columns)[0].T[first:last].astype(np.float32)
            return found
        parts = [
            self._block(stream, block)[max(first - block * BLOCK, 0) : last - block * BLOCK]
            for block in range(first // BLOCK, -(-last // BLOCK))
        ]
        return np.concatenate(parts)

    def _block(self, stream: int, block: int) -> Array:
        """Return a block of embeddings, which a small memory keeps: it asks for each many times."""
        known = self._kept.get((stream, block))
        if known is not None:
            return known
        begin, d = block * BLOCK, self.dimension
        rng = np.random.default_rng([self.seed, stream, block])
        drawn = rng.standard_normal((min(BLOCK, self.items - begin), d), dtype=np.float32)
        found: Array = drawn * np.float32(1 / math.sqrt(d))
        if self.items * d <= _MOST_KEPT:
            self._kept[stream, block] = found
        return found

    @cached_property
    def _kept(self) -> dict[tuple[int, int], Array]:
        return {}

    def _blocks(self, last: int) -> Iterator[tuple[int, int]]:
        return ((begin, min(begin + BLOCK, last)) for begin in range(0, last, BLOCK))

    def shares(self, batch_size: Any = math.inf) -> Array:
        """Return the share of every item in a batch; frequencies where that is infinite."""
        size = _batch_size(batch_size)
        if size is None:
            return self.frequencies
        rng = np.random.default_rng([self.seed, _SAMPLES, size])
        return rng.multinomial(size, self.frequencies) / size

    def step(
        self, batch_size: Any = math.inf, *, without: Any = (), progress: bool = False
    ) -> Array:
        """Return the negative gradient at 0, in double precision.

        Parameters
        ----------
        batch_size : int or infinity
            Samples with replacement.
        without : sequence of int
            Items whose gradients are left out; see `thresholded_steps`.
        progress : bool
            Show a progress bar on stderr.

        Returns
        -------
        ndarray, shape (d, d)
            What SGD adds to 0, but for the learning rate.

        Raises
        ------
        InputError
            For a batch size that is neither a whole number nor infinite, and what are no items.
        """
        shares = self.shares(batch_size).copy()
        if not is_list(without):
            raise InputError(f"without must be a list of items, got {shown(without)}")
        shares[[whole(item, "without", 0, self.items - 1) for item in without]] = 0
        d = self.dimension
        products, mean, weighted = np.zeros((d, d)), np.zeros(d), np.zeros(d)
        with shown_progress("gradient", self.items, progress) as advance:
            for begin, end in self._blocks(self.items):
                v = self.outputs(begin, end)
                mean += v.sum(0, dtype=float)
                seen = np.flatnonzero(shares[begin:end])
                if seen.size:
                    u = self.inputs(begin, end)[seen] * shares[begin + seen, None]  # double
                    products += v[seen].astype(float).T @ u
                    weighted += u.sum(0)
                advance(end - begin)
        return products - np.outer(mean / self.items, weighted)

    def regularization(self, batch_size: Any = math.inf, *, learned: Any = 0) -> float:
        r"""Return Muon's :math:`\lambda=\max\{p_d,1/B\}`.

        That is the paper's scale, :math:`\max\{(\log d)^{2\alpha+2}/d^\alpha,(\log d)^2/B\}`,
        without its powers of log d: about the singular values that the items beyond the first d, or
        single samples, have together. With the powers it is above nearly all singular values at
        every d that can be drawn (at d = 1024 all but one): Muon's step is then that of SGD.

        Parameters
        ----------
        batch_size : int or infinity
        learned : int
            With n > d of the most frequent items left out of the gradient it has
            :math:`p_n\sqrt{n/d}` in place of :math:`p_d`.

        Raises
        ------
        InputError
            For numbers out of their range, and where :math:`\lambda` is so far below the largest
            singular value that double precision does not tell it from 0: above
            :math:`d^\alpha\approx10^{14}`.
        """
        size = _batch_size(batch_size)
        count = whole(learned, "learned", 0, self.items - 1)
        place = min(max(self.dimension, count), self.items)
        floor = float(self.frequencies[place - 1]) * math.sqrt(max(count / self.dimension, 1))
        found = max(floor, 1 / size) if size else floor
        if found < self.dimension * EPS * self.frequencies[count]:
            raise InputError(
                f"exponent and batch size must be smaller for Muon: of a gradient in "
                f"{self.dimension} dimensions, of the exponent {self.exponent:g}, rounding hides "
                f"singular values of lambda = {found:.1e}"
            )
        return found

    def muon(self, gradient: Any, batch_size: Any = math.inf) -> Array:
        """Return what Muon makes of a gradient, by `spectral_step` with `regularization`.

        Parameters
        ----------
        gradient : array, shape (d, d)
        batch_size : int or infinity
            That of which the gradient is: it decides the regularization.

        Raises
        ------
        InputError
            For what is no matrix of finite numbers, and another batch size.
        """
        return spectral_step(gradient, self.regularization(batch_size))

    def recovery(self, W: Any, candidates: Any = None, *, progress: bool = False) -> Recovery:
        r"""Find the items whose own output has the largest score of all N.

        Outputs are compared block by block; what has lost is not asked again. So the time is
        mostly that of :math:`2Nd` operations for each item that is recovered.

        Parameters
        ----------
        W : array, shape (d, d)
        candidates : int, optional
            Ask only so many of the first items; by default all. An item of which W knows nothing
            is recovered with the probability 1/N: of all of them together, about one.
        progress : bool
            Show a progress bar on stderr.

        Raises
        ------
        InputError
            For a matrix of another shape, or numbers out of their range.
        """
        d = self.dimension
        matrix = finite_matrix(W, "W")
        if matrix.shape != (d, d):
            raise InputError(f"W must have the shape ({d}, {d}), got {matrix.shape}")
        scale = np.abs(matrix).max()  # scores must neither overflow nor underflow
        matrix = matrix / scale if scale else matrix
        asked = self.items if candidates is None else whole(candidates, "candidates", 1)
        asked = min(asked, self.items)
        with shown_progress("recovery", asked + self.items, progress) as advance:
            first = self.outputs(0, BLOCK)
            remaining = []
            for begin, end in self._blocks(asked):
                contest = Contest.begin(
                    begin, self.inputs(begin, end) @ matrix.T, self.outputs(begin, end)
                )
                for low, high in ((0, 64), (64, 512), (512, BLOCK)):
                    contest = contest.against(first[low:high], low)
                remaining.append(contest)
                advance(end - begin)
            parts = zip(*(vars(contest).values() for contest in remaining), strict=True)
            contest = Contest(*map(np.concatenate, parts))
            advance(len(first))
            for begin, end in self._blocks(self.items):
                if begin:
                    contest = contest.against(self.outputs(begin, end), begin)
                    advance(end - begin)
        won = contest.items[~contest.close]
        return Recovery(won, int(contest.close.sum()), asked)


def _batch_size(value: Any) -> int | None:
    return None if is_infinite(value) else whole(value, "batch_size", 1, _MOST_SAMPLES)
