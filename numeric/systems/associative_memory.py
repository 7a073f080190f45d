r"""One step of SGD and of Muon on a linear associative memory, and what it recovers.

Problem
    N items, seen with frequencies :math:`p_i\propto i^{-\alpha}`, have inputs :math:`u_i` and
    outputs :math:`v_i`, Gaussian in d dimensions with the mean square length 1
    (`AssociativeMemory`). A matrix W gives output j the score :math:`v_j^TWu_i` for input i, and
    the loss is :math:`-\sum_ip_i\log\operatorname{softmax}_i(v_j^TWu_i)_j`. An item is
    *recovered* if its own output has the largest score of all N.
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
    optimizers in learning associative memory (2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import real_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, number, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.symbolic.errors import InputError, shown

_BLOCK = 4096  # items whose embeddings are held at once
_MOST_ITEMS, _MOST_DIMENSIONS, _MOST_SAMPLES = 10**8, 10**4, 10**15
_INPUTS, _OUTPUTS, _SAMPLES = range(3)  # streams of random numbers
_UNIT = 2.0**-24  # round-off of single precision


@dataclass(frozen=True)
class Recovery:
    """Which items a matrix recovers.

    Attributes
    ----------
    items : ndarray of int
        Those recovered, from 0, in order.
    undecided : int
        Items that are recovered or not within rounding.
    candidates : int
        Only so many of the first items were asked.
    """

    items: Array
    undecided: int
    candidates: int


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
        N, by default :math:`d^2`.
    seed : int
        Of embeddings and batches. Embeddings are drawn block by block whenever they are needed.

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

    def __init__(self, dimension: Any, exponent: Any, items: Any = None, *, seed: Any = 0) -> None:
        d = whole(dimension, "dimension", 1, _MOST_DIMENSIONS)
        count = max(d**2, 2) if items is None else whole(items, "items", 2, _MOST_ITEMS)
        vars(self).update(  # frozen
            dimension=d,
            exponent=bounded_float(exponent, "exponent", 30.0),
            items=count,
            seed=whole(seed, "seed", 0),
        )

    @cached_property
    def frequencies(self) -> Array:
        """Of all items, shape (N,)."""
        found: Array = np.arange(1.0, self.items + 1) ** -self.exponent
        found /= found.sum()
        return found

    def inputs(self, first: int = 0, last: int | None = None) -> Array:
        """Return the inputs of items first to last, shape (last - first, d), single precision."""
        return self._embeddings(_INPUTS, first, last)

    def outputs(self, first: int = 0, last: int | None = None) -> Array:
        """Return the outputs of items first to last, shape (last - first, d), single precision."""
        return self._embeddings(_OUTPUTS, first, last)

    def _embeddings(self, stream: int, first: int, last: int | None) -> Array:
        last = self.items if last is None else min(last, self.items)
        parts = []
        for block in range(first // _BLOCK, -(-last // _BLOCK)):
            begin = block * _BLOCK
            end = min(begin + _BLOCK, self.items)
            rng = np.random.default_rng([self.seed, stream, block])
            drawn = rng.standard_normal((end - begin, self.dimension), dtype=np.float32)
            parts.append(drawn[max(first - begin, 0) : last - begin])
        return np.concatenate(parts) * np.float32(1 / math.sqrt(self.dimension))

    def _blocks(self, last: int) -> Iterator[tuple[int, int]]:
        return ((begin, min(begin + _BLOCK, last)) for begin in range(0, last, _BLOCK))

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
            For a batch size that is no whole number, and what are no items.
        """
        shares = self.shares(batch_size).copy()
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

    def regularization(self, batch_size: Any = math.inf) -> float:
        r"""Return Muon's :math:`\lambda=\max\{p_d,1/B\}`.

        That is the paper's scale, without its powers of log d: about the singular values that the
        items beyond the first d, or single samples, have together.

        Raises
        ------
        InputError
            For a batch size that is no whole number.
        """
        size = _batch_size(batch_size)
        floor = float(self.frequencies[min(self.dimension, self.items) - 1])
        return max(floor, 1 / size) if size else floor

    def muon(self, gradient: Any, batch_size: Any = math.inf) -> Array:
        """Return what Muon makes of a gradient, by `spectral_step` with `regularization`."""
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
        matrix = _finite_matrix(W, "W")
        if matrix.shape != (d, d):
            raise InputError(f"W must have the shape ({d}, {d}), got {matrix.shape}")
        scale = np.abs(matrix).max()  # scores must neither overflow nor underflow
        matrix = matrix / scale if scale else matrix
        asked = self.items if candidates is None else whole(candidates, "candidates", 1)
        asked = min(asked, self.items)
        with shown_progress("recovery", asked + self.items, progress) as advance:
            first = self.outputs(0, _BLOCK)
            remaining = []
            for begin, end in self._blocks(asked):
                contest = _Contest.begin(
                    begin, self.inputs(begin, end) @ matrix.T, self.outputs(begin, end)
                )
                for low, high in ((0, 64), (64, 512), (512, _BLOCK)):
                    contest = contest.against(first[low:high], low)
                remaining.append(contest)
                advance(end - begin)
            parts = zip(*(vars(contest).values() for contest in remaining), strict=True)
            contest = _Contest(*map(np.concatenate, parts))
            advance(len(first))
            for begin, end in self._blocks(self.items):
                if begin:
                    contest = contest.against(self.outputs(begin, end), begin)
                    advance(end - begin)
        won = contest.items[~contest.close]
        return Recovery(won, int(contest.close.sum()), asked)


@dataclass(frozen=True)
class _Contest:
    """Items that no output has beaten yet; `close` are those that one may have, within rounding."""

    items: Array
    queries: Array  # W u, single precision, shape (n, d)
    lengths: Array  # of them
    own: Array  # scores of the items' own outputs, double precision
    close: Array

    @classmethod
    def begin(cls, first: int, queries: Array, outputs: Array) -> _Contest:
        items = np.arange(first, first + len(queries))
        own = np.einsum("ij,ij->i", queries, outputs)
        lengths = np.linalg.norm(queries, axis=1)
        return cls(items, queries.astype(np.float32), lengths, own, np.zeros(len(items), bool))

    def against(self, outputs: Array, first: int) -> _Contest:
        """Return what is left after some outputs, the first of which is that of item `first`."""
        if not len(outputs):
            return self
        best = np.concatenate(
            [
                self._best(slice(begin, begin + _BLOCK), outputs, first)
                for begin in range(0, max(len(self.items), 1), _BLOCK)
            ]
        )
        # |rounding of x.y| <= d u / (1 - d u) |x| |y|, in whatever order it is summed; 2 more for
        # the query, which is rounded once, and for what is in double precision
        relative = (outputs.shape[1] + 2) * _UNIT
        longest = np.linalg.norm(outputs, axis=1).max()
        error = relative / (1 - relative) * longest * self.lengths
        margin = self.own - best
        left = margin >= -error
        close = self.close | (margin <= error)
        kept = (self.items, self.queries, self.lengths, self.own, close)
        return _Contest(*(values[left] for values in kept))

    def _best(self, rows: slice, outputs: Array, first: int) -> Array:
        """Return the largest scores of others' outputs."""
        scores = self.queries[rows] @ outputs.T
        place = self.items[rows] - first
        own = np.flatnonzero((place >= 0) & (place < len(outputs)))
        scores[own, place[own]] = -np.inf
        best: Array = scores.max(1)
        return best


def spectral_step(gradient: Any, regularization: Any = 0) -> Array:
    r"""Return :math:`h_\lambda(G)=G(G^TG+\lambda^2I)^{-1/2}`, Muon's step, by singular values.

    They become :math:`\sigma/\sqrt{\sigma^2+\lambda^2}`; with :math:`\lambda=0` all that are
    not 0 become 1.

    Parameters
    ----------
    gradient : array, shape (m, n)
        G.
    regularization : number
        :math:`\lambda\ge0`.

    Raises
    ------
    InputError
        For what is no matrix of finite numbers, and a negative number.

    Examples
    --------
    >>> spectral_step([[3, 0], [0, 0.5]], 4)
    array([[0.6       , 0.        ],
           [0.        , 0.12403473]])
    """
    G = _finite_matrix(gradient, "gradient")
    floor = number(regularization, "regularization")
    if floor < 0:
        raise InputError(f"regularization must not be negative, got {shown(regularization)}")
    left, values, right = np.linalg.svd(G, full_matrices=False)
    size = np.hypot(values, float(floor))
    moved = np.divide(values, size, out=np.zeros_like(values), where=size > 0)
    step: Array = (left * moved) @ right
    return step


def _finite_matrix(values: Any, name: str) -> Array:
    found = real_array(values, name)
    if found.ndim != 2 or not found.size:
        raise InputError(f"{name} must be a matrix, got the shape {found.shape}")
    if not np.isfinite(found).all():
        raise InputError(f"{name} must have finite entries")
    return found


def _batch_size(value: Any) -> int | None:
    if isinstance(value, float) and value == math.inf:
        return None
    return whole(value, "batch_size", 1, _MOST_SAMPLES)
