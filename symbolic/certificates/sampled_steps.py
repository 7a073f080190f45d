r"""What a step does to second moments on data: batches are drawn from rows, nothing is fitted.

Sample s has rows :math:`x_s`, K of them, and the curvature :math:`A_s=x_s^Tx_s`, of the mean H.
In a step the second moments X of the state, M + 1 blocks of the size of a row, become

.. math:: SXS^T+\kappa\,vv^T\otimes\bigl(\textstyle\sum_sp_sA_sZA_s-HZH\bigr),\qquad
    S=S_0\otimes1+vr^T\otimes(H+\omega),\quad Z=r^TXr,

with :math:`\kappa=1/B`, or :math:`(n-B)/(B(n-1))` without replacement. That is the mean of
:math:`S_{batch}XS_{batch}^T`, so it keeps X positive semidefinite, and a matrix Y proves what a
family does in `periods`. Where the rows do not span their space, or have a short basis C, the
state is held in coordinates q, w = C q: with rows :math:`x=yC^T` each :math:`x^T\cdot` is
:math:`yG\cdot`, :math:`G=C^TC`, and :math:`A_s=y_s^Ty_sG`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from sgdmem.symbolic.certificates.fields import field, rationals, require, row, whole
from sgdmem.symbolic.certificates.listed_modes import read_batch, read_decay
from sgdmem.symbolic.certificates.modes import Step, is_schur, read_step

_MOST_NUMBERS = 10**7


@dataclass(frozen=True)
class SampledStep:
    """What a step does to second moments.

    Attributes
    ----------
    step : Step
    rows : fmpq_mat
        Of all samples, K of each, in coordinates.
    outputs : int
        K.
    weights : list of fmpq
        Of the samples; they add up to 1.
    gram : fmpq_mat
        G.
    share : fmpq
        kappa.
    weight_decay : fmpq
    """

    step: Step
    rows: Any
    outputs: int
    weights: list[Any]
    gram: Any
    share: Any
    weight_decay: Any

    @property
    def size(self) -> int:
        """Of a coordinate vector."""
        return int(self.rows.ncols())

    def curvature(self) -> Any:
        """Return H."""
        return self._weighted(self.weights) * self.gram

    def is_schur(self) -> bool:
        """Whether S is strictly Schur: the mean of the state falls."""
        v, r = ([_fmpq(x) for x in values] for values in (self.step.v, self.step.r))
        read = [[x * y for y in r] for x in v]
        drift = self.curvature() + self.weight_decay * _identity(self.size)
        S = [[_fmpq(x) for x in line] for line in self.step.free]
        blocks = [
            [a * _identity(self.size) + b * drift for a, b in zip(*lines, strict=True)]
            for lines in zip(S, read, strict=True)
        ]
        chi = _joined(blocks).charpoly()
        return is_schur([Fraction(int(x.p), int(x.q)) for x in reversed(list(chi))])

    def moved(self, X: list[list[Any]]) -> list[list[Any]]:
        """Return the second moments after a step, block by block."""
        size, d = self.step.size, self.size
        r, v = ([_fmpq(x) for x in values] for values in (self.step.r, self.step.v))
        H = self.curvature()
        curvature = H + self.weight_decay * _identity(d)
        read = [
            _combined(r, [X[i][j] for i in range(size)]) for j in range(size)
        ]  # r X, by columns
        Z = _combined(r, read)
        noise = self.share * (self._squares(Z) - H * Z * H.transpose())
        free = [[_fmpq(x) for x in line] for line in self.step.free]
        half = [
            [_combined(free[i], [X[k][j] for k in range(size)]) + v[i] * (curvature * read[j])
             for j in range(size)]
            for i in range(size)
        ]  # fmt: skip
        turned = curvature.transpose()
        moved = []
        for i in range(size):
            across = _combined(r, half[i]) * turned
            moved.append(
                [
                    _combined(free[j], half[i]) + v[j] * across + (v[i] * v[j]) * noise
                    for j in range(size)
                ]
            )
        return moved

    def _weighted(self, weights: list[Any]) -> Any:
        """Return the sum of weights times y y^T."""
        K = self.outputs
        entries = [
            weights[i // K] * self.rows[i, j]
            for i in range(self.rows.nrows())
            for j in range(self.size)
        ]
        return self.rows.transpose() * fmpq_mat(self.rows.nrows(), self.size, entries)

    def _squares(self, Z: Any) -> Any:
        """Return the mean of A Z A^T."""
        K, form = self.outputs, self.gram * Z * self.gram
        products = self.rows * form
        if K == 1:
            return self._weighted(
                [
                    weight
                    * sum((products[s, j] * self.rows[s, j] for j in range(self.size)), fmpq(0))
                    for s, weight in enumerate(self.weights)
                ]
            )
        total = 0 * _identity(self.size)
        for s, weight in enumerate(self.weights):
            y = _lines(self.rows, s * K, K)
            total += weight * (y.transpose() * ((_lines(products, s * K, K) * y.transpose()) * y))
        return total


def read_samples(record: Any) -> SampledStep:
    """Return the algorithm and the data of a proof."""
    return read_rows(record, field(record, "algorithm"), read_batch(record)[0])


def read_rows(record: Any, method: Any, inverse: Fraction) -> SampledStep:
    """Return what a method does on the data of a proof, with one over the batch size."""
    problem, witness = field(record, "problem"), field(record, "witness")
    lines = _rows(field(problem, "rows"), "rows")
    outputs = whole(field(problem, "outputs"), "outputs", 1)
    require(len(lines) % outputs == 0, "each sample has as many rows as outputs")
    count = len(lines) // outputs
    weights = rationals(field(problem, "weights"), "weights", count)
    require(min(weights) >= 0 and sum(weights) == 1, "the weights are probabilities")
    decay, share = read_decay(record), read_share(problem, inverse, weights)
    matrix, gram = _matrix(lines), _identity(len(lines[0]))
    if "basis" in witness:
        C = _matrix(_rows(witness["basis"], "basis"))
        coordinates = _matrix(_rows(field(witness, "coordinates"), "coordinates"))
        fits = C.ncols() == coordinates.ncols() and C.nrows() == matrix.ncols()
        require(fits and coordinates * C.transpose() == matrix, "the basis gives the rows")
        gram = C.transpose() * C
        matrix = coordinates
    step = read_step(method)
    return SampledStep(
        step, matrix, outputs, [_fmpq(x) for x in weights], gram, _fmpq(share), _fmpq(decay)
    )


def read_share(problem: Any, inverse: Fraction, weights: Sequence[Fraction]) -> Fraction:
    """Return kappa of a batch, of which one over the size is given."""
    replacement, count = field(problem, "replacement"), len(weights)
    require(isinstance(replacement, bool), "replacement is true or false")
    if replacement or not inverse:
        return inverse
    require(len(set(weights)) == 1, "samples are drawn alike without replacement")
    require(1 <= 1 / inverse <= count, "a batch has from 1 to all samples")
    return (count * inverse - 1) / max(count - 1, 1)


def moved(sampled: SampledStep, Y: Any) -> Any:
    """Return A(Y)."""
    size, d = sampled.step.size, sampled.size
    return _joined(sampled.moved([[_block(Y, i, j, d) for j in range(size)] for i in range(size)]))


def _rows(value: Any, name: str) -> list[list[Fraction]]:
    lines = [rationals(line, name) for line in row(value, name, lambda x, _: x)]
    require(bool(lines) and bool(lines[0]), f"{name} has some numbers")
    require(len({len(line) for line in lines}) == 1, f"{name} has rows of one length")
    require(len(lines) * len(lines[0]) <= _MOST_NUMBERS, f"{name} has at most {_MOST_NUMBERS:,}")
    return lines


def _fmpq(x: Fraction) -> Any:
    return fmpq(x.numerator, x.denominator)


def read_matrix(value: Any, name: str) -> Any:
    """Return a matrix of rational numbers."""
    return _matrix(_rows(value, name))


def _matrix(lines: list[list[Fraction]]) -> Any:
    return fmpq_mat(len(lines), len(lines[0]), [_fmpq(x) for line in lines for x in line])


def _identity(size: int) -> Any:
    return fmpq_mat(size, size, [fmpq(int(i == j)) for i in range(size) for j in range(size)])


def _joined(blocks: list[list[Any]]) -> Any:
    """Return a matrix of its blocks, all of one size."""
    d, size = blocks[0][0].ncols(), len(blocks) * blocks[0][0].ncols()
    return fmpq_mat(
        size,
        size,
        [blocks[i // d][j // d][i % d, j % d] for i in range(size) for j in range(size)],
    )


def _block(Y: Any, i: int, j: int, d: int) -> Any:
    return fmpq_mat(d, d, [Y[i * d + k, j * d + m] for k in range(d) for m in range(d)])


def _lines(X: Any, first: int, count: int) -> Any:
    return fmpq_mat(
        count, X.ncols(), [X[first + i, j] for i in range(count) for j in range(X.ncols())]
    )


def _combined(weights: list[Any], matrices: list[Any]) -> Any:
    """Return the sum of weights times matrices."""
    total = weights[0] * matrices[0]
    for weight, matrix in zip(weights[1:], matrices[1:], strict=True):
        total += weight * matrix
    return total
