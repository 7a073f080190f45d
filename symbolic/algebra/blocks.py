"""The blocks of eq. (3) of arXiv 2410.04228, which describe an algorithm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sgdmem.symbolic.algebra.scalars import Element


class Blocks(NamedTuple):
    """The numbers that describe an algorithm of memory M, of any kind.

    Attributes
    ----------
    alpha : Element
        Weight of the gradient in the step of w.
    b, c, a : tuple
        M numbers each: weights of u in the step of w, of the gradient in the next u, and of u in
        the point where the gradient is taken.
    D : tuple of tuples
        M rows of M numbers: how u evolves by itself.
    shrink : Element
        By which w shrinks at each step, of decoupled weight decay.
    """

    alpha: Element
    b: tuple[Element, ...]
    c: tuple[Element, ...]
    D: tuple[tuple[Element, ...], ...]
    a: tuple[Element, ...]
    shrink: Element = 0

    @property
    def row(self) -> tuple[Element, ...]:
        """All its numbers: alpha, b, c, the rows of D, a, and shrink unless it is 0."""
        rows = (entry for row in self.D for entry in row)
        shrink = () if self.shrink == 0 else (self.shrink,)
        return (self.alpha, *self.b, *self.c, *rows, *self.a, *shrink)

    @property
    def state(self) -> tuple[list[list[Element]], list[Element], list[Element]]:
        """S_0, v and r of eq. (7): the state (w, u) of a mode moves by S_0 + lambda v r^T.

        Examples
        --------
        >>> Blocks(1, (2,), (3,), ((4,),), (5,)).state
        ([[1, 2], [0, 4]], [-1, 3], [1, 5])
        """
        still = [[1 - self.shrink, *self.b], *([0, *row] for row in self.D)]
        return still, [-self.alpha, *self.c], [1, *self.a]

    @staticmethod
    def of_row(row: Sequence[Element], memory: int) -> Blocks:
        """Return the blocks whose numbers are given in one row.

        Examples
        --------
        >>> blocks = Blocks.of_row([1, 2, 3, 4, 5], memory=1)
        >>> blocks.D, blocks.a, blocks.row
        (((4,),), (5,), (1, 2, 3, 4, 5))
        """
        M = memory
        alpha, *rest = row
        b, c, *D, a = (tuple(rest[k * M : (k + 1) * M]) for k in range(M + 3))
        return Blocks(alpha, b, c, tuple(D), a, *rest[(M + 3) * M :])

    def map(self, function: Callable[[Element], Element]) -> Blocks:
        """Return the blocks with ``function`` applied to every number."""
        return self.of_row([function(number) for number in self.row], len(self.D))
