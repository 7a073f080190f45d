"""Which items' own outputs have the largest scores: all outputs compared, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

BLOCK = 4096  # items whose embeddings are held at once
UNIT = 2.0**-24  # round-off of single precision


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


@dataclass(frozen=True)
class Contest:
    """Items that no output has beaten yet; `close` are those that one may have, within rounding."""

    items: Array
    queries: Array  # W u, single precision, shape (n, d)
    lengths: Array  # of them
    own: Array  # scores of the items' own outputs, double precision
    close: Array

    @classmethod
    def begin(cls, first: int, queries: Array, outputs: Array) -> Contest:
        """Return the contest of items from `first` on, each with its own output alone."""
        items = np.arange(first, first + len(queries))
        own = np.einsum("ij,ij->i", queries, outputs)
        lengths = np.linalg.norm(queries, axis=1)
        return cls(items, queries.astype(np.float32), lengths, own, np.zeros(len(items), bool))

    def against(self, outputs: Array, first: int) -> Contest:
        """Return what is left after some outputs, the first of which is that of item `first`."""
        if not len(outputs):
            return self
        best = np.concatenate(
            [
                self._best(slice(begin, begin + BLOCK), outputs, first)
                for begin in range(0, max(len(self.items), 1), BLOCK)
            ]
        )
        # |rounding of x.y| <= d u / (1 - d u) |x| |y|, in whatever order it is summed; 2 more for
        # the query, which is rounded once, and for what is in double precision
        relative = (outputs.shape[1] + 2) * UNIT
        longest = np.linalg.norm(outputs, axis=1).max()
        error = relative / (1 - relative) * longest * self.lengths
        margin = self.own - best
        left = margin >= -error
        close = self.close | (margin <= error)
        kept = (self.items, self.queries, self.lengths, self.own, close)
        return Contest(*(values[left] for values in kept))

    def _best(self, rows: slice, outputs: Array, first: int) -> Array:
        """Return the largest scores of others' outputs."""
        scores = self.queries[rows] @ outputs.T
        place = self.items[rows] - first
        own = np.flatnonzero((place >= 0) & (place < len(outputs)))
        scores[own, place[own]] = -np.inf
        best: Array = scores.max(1)
        return best
