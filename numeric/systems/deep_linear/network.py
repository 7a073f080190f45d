r"""Deep linear networks, their real SGD and what is seen of it (arXiv 2604.06366).

Problem
    The loss is :math:`\frac12E|y-W_L\cdots W_1x|^2`, of Gaussian inputs :math:`x\sim N(0,\Sigma)`
    with labels :math:`y=W^*x+\xi`, :math:`\xi\sim N(0,\sigma^2)` in each output; or of rows of
    data, with their least squares solution as :math:`W^*`. Nothing is assumed of the layers.
Algorithm
    :math:`W_l\leftarrow W_l-\eta\,P_l^TGQ_l^T` with :math:`P_l=W_L\cdots W_{l+1}`,
    :math:`Q_l=W_{l-1}\cdots W_1` and the gradient for the product,
    :math:`G=\frac1B\sum_b(W_L\cdots W_1x_b-y_b)x_b^T`, of B fresh samples.
Modes
    With :math:`W^*=\sum_as_a^*u_av_a^T`, the strength of a mode is
    :math:`s_a=u_a^TW_L\cdots W_1v_a`. To first order in the rate a step changes it by
    :math:`-\eta\langle A_a,G\rangle`, :math:`A_a=\sum_lP_lP_l^Tu_av_a^TQ_l^TQ_l`. So its noise
    is known exactly for all weights. For aligned, balanced layers
    :math:`A_a=Ls_a^{2-2/L}u_av_a^T`, and it is that of
    `sgdmem.numeric.systems.deep_linear.mode`.

References
----------
    G. Corlouer, A. Semler, A. Strang and A. Gietelink Oldenziel, Stochastic gradient descent in the
    saddle-to-saddle regime of deep linear networks, arXiv 2604.06366 (2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_DEEPEST = 1000


@dataclass(frozen=True, init=False, eq=False)
class DeepLinearNetwork:
    r"""A deep linear network and what it learns.

    Parameters
    ----------
    target : array, shape (m, d), or list of numbers, shape (k,)
        :math:`W^*`, or its singular values: a diagonal matrix.
    depth : int
        L, from 1 to 1000.
    hidden : int or list of int, optional
        Widths of the L - 1 layers between; by default the larger of m and d.
    covariance : number, list of d, or array of shape (d, d)
        :math:`\Sigma`, its diagonal, or their common value.
    label_variance : number
        :math:`\sigma^2\ge0`, of one output.

    Attributes
    ----------
    widths : tuple of int
        (d, hidden ones, m).
    target_strengths : array, shape (k,)
        :math:`s_a^*`, k = min(m, d), the largest first.
    left, right : arrays, shapes (m, k) and (d, k)
        :math:`u_a` and :math:`v_a`.
    eigenvalues : array, shape (k,)
        :math:`v_a^T\Sigma v_a`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> network = DeepLinearNetwork([3, 1], depth=2, hidden=5)
    >>> print(network)
    depth 2, widths 2-5-2; Gaussian inputs
    >>> [layer.shape for layer in network.random_start(0.1, runs=7)]
    [(7, 5, 2), (7, 2, 5)]
    """

    target: Array
    depth: int
    widths: tuple[int, ...]
    covariance: Array
    label_variance: float
    rows: tuple[Array, Array] | None = field(repr=False)

    def __init__(
        self,
        target: Any,
        depth: Any,
        hidden: Any = None,
        *,
        covariance: Any = 1,
        label_variance: Any = 0,
    ) -> None:
        matrix = read_reals(target, "target")
        if matrix.ndim == 1 and matrix.size:
            matrix = np.diag(matrix)
        if matrix.ndim != 2 or not matrix.size:
            raise InputError(f"target must be a matrix or a list, got {shown(target)}")
        variance = float(number(label_variance, "label_variance"))
        if variance < 0:
            raise InputError(f"label_variance must be 0 or positive, got {shown(label_variance)}")
        self._set(matrix, depth, hidden, _covariance(covariance, matrix.shape[1]), variance, None)

    def _set(
        self,
        target: Array,
        depth: Any,
        hidden: Any,
        covariance: Array,
        label_variance: float,
        rows: tuple[Array, Array] | None,
    ) -> None:
        layers = whole(depth, "depth", 1, _DEEPEST)
        m, d = target.shape
        vars(self).update(  # frozen
            target=target,
            depth=layers,
            widths=(d, *_hidden(hidden, layers - 1, max(m, d)), m),
            covariance=covariance,
            label_variance=label_variance,
            rows=rows,
        )

    @classmethod
    def from_data(cls, X: Any, y: Any, depth: Any, hidden: Any = None) -> DeepLinearNetwork:
        """Return the network whose batches are rows of data, drawn with replacement.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,) or (n, m)
        depth, hidden
            As above. The label variance is the mean square that least squares leave of an output.

        Raises
        ------
        InputError
            For arrays that do not fit each other.
        """
        inputs, labels = read_reals(X, "X"), read_reals(y, "y")
        labels = labels[:, None] if labels.ndim == 1 else labels
        if inputs.ndim != 2 or labels.ndim != 2 or len(inputs) != len(labels) or not inputs.size:
            raise InputError(
                f"X and y must have as many rows, got shapes {inputs.shape} and {labels.shape}"
            )
        target = np.linalg.lstsq(inputs, labels, rcond=None)[0].T
        left = float(np.mean((labels - inputs @ target.T) ** 2))
        covariance = inputs.T @ inputs / len(inputs)
        network = cls.__new__(cls)
        network._set(target, depth, hidden, covariance, left, (inputs, labels))
        return network

    def __str__(self) -> str:
        widths = "-".join(map(str, self.widths))
        source = "Gaussian inputs" if self.rows is None else f"{len(self.rows[0])} rows of data"
        noise = f", label variance {self.label_variance:.6g}" if self.label_variance else ""
        return f"depth {self.depth}, widths {widths}; {source}{noise}"

    @cached_property
    def _singular(self) -> tuple[Array, Array, Array]:
        left, values, right = np.linalg.svd(self.target, full_matrices=False)
        return left, values, right.T

    @property
    def target_strengths(self) -> Array:
        """Singular values of the target, shape (k,)."""
        return self._singular[1]

    @property
    def left(self) -> Array:
        """Its left singular vectors, shape (m, k)."""
        return self._singular[0]

    @property
    def right(self) -> Array:
        """Its right singular vectors, shape (d, k)."""
        return self._singular[2]

    @property
    def eigenvalues(self) -> Array:
        """Variances of the inputs along the modes, shape (k,)."""
        found: Array = np.einsum("ia,ij,ja->a", self.right, self.covariance, self.right)
        return found

    def aligned_start(self, strengths: Any, runs: Any = 1) -> list[Array]:
        """Return aligned and balanced layers, the same for each run.

        Parameters
        ----------
        strengths : number or list of k
            Of the modes, not negative.
        runs : int
            R.

        Returns
        -------
        list of arrays, shape (R, outputs, inputs)

        Raises
        ------
        InputError
            For other strengths, and hidden layers with fewer than k neurons.
        """
        k = len(self.target_strengths)
        values = read_vector(strengths if is_list(strengths) else [strengths] * k, "strengths")
        if values.shape != (k,) or (values < 0).any():
            raise InputError(f"strengths must be {k} numbers >= 0, got {shown(strengths)}")
        if min(self.widths) < k:
            raise InputError(f"hidden must be at least {k} for aligned layers, got {self.widths}")
        count = whole(runs, "runs", 1)
        roots = values ** (1 / self.depth)
        layers = []
        for place, (inputs, outputs) in enumerate(self._shapes):
            into = self.right if place == 0 else np.eye(inputs, k)
            out = self.left if place == self.depth - 1 else np.eye(outputs, k)
            layers.append(np.repeat(((out * roots) @ into.T)[None], count, axis=0))
        return layers

    def random_start(self, scale: Any, runs: Any = 1, *, seed: Any = 0) -> list[Array]:
        """Return layers with independent Gaussian entries: not aligned, not balanced.

        Parameters
        ----------
        scale : number > 0
            The standard deviation of an entry.
        runs : int
            R.
        seed : int

        Returns
        -------
        list of arrays, shape (R, outputs, inputs)
        """
        size, count = positive_float(scale, "scale"), whole(runs, "runs", 1)
        rng = np.random.default_rng(whole(seed, "seed", 0))
        return [rng.normal(0, size, (count, outputs, inputs)) for inputs, outputs in self._shapes]

    @property
    def _shapes(self) -> list[tuple[int, int]]:
        return list(zip(self.widths[:-1], self.widths[1:], strict=True))

    def batches(
        self, batch_size: Any, runs: Any = 1, *, seed: Any = 0
    ) -> Iterator[tuple[Array, Array]]:
        """Yield the batches that `run` takes, without end: inputs and labels of B samples.

        Yields
        ------
        arrays, shapes (R, B, d) and (R, B, m)
        """
        B, R = whole(batch_size, "batch_size", 1), whole(runs, "runs", 1)
        rng = np.random.default_rng(whole(seed, "seed", 0))
        while True:
            x, y = self.drawn(rng, B, R)
            yield x.transpose(2, 1, 0), y.transpose(2, 1, 0)

    def drawn(self, rng: np.random.Generator, B: int, R: int) -> tuple[Array, Array]:
        """Return a batch for each run, shapes (d, B, R) and (m, B, R): runs last are quick."""
        if self.rows is not None:
            chosen = rng.integers(len(self.rows[0]), size=(B, R))
            return self._columns[0][:, chosen], self._columns[1][:, chosen]
        m, d = self.target.shape
        x = np.tensordot(self._root, rng.standard_normal((d, B, R)), 1)
        y = np.tensordot(self.target, x, 1)
        if self.label_variance:
            y = y + math.sqrt(self.label_variance) * rng.standard_normal((m, B, R))
        return x, y

    @cached_property
    def _columns(self) -> tuple[Array, Array]:
        assert self.rows is not None
        X, y = self.rows
        return np.ascontiguousarray(X.T), np.ascontiguousarray(y.T)

    @cached_property
    def _root(self) -> Array:
        """A square root of the covariance."""
        values, vectors = np.linalg.eigh(self.covariance)
        root: Array = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        return root


def _hidden(given: Any, count: int, usual: int) -> tuple[int, ...]:
    values = [usual if given is None else given] * count if not is_list(given) else list(given)
    if len(values) != count:
        raise InputError(f"hidden must be a width or {count} of them, got {shown(given)}")
    return tuple(whole(width, "hidden", 1) for width in values)


def _covariance(given: Any, d: int) -> Array:
    values = read_reals(given, "covariance")
    if values.ndim < 2:
        if values.shape not in ((), (d,)) or (values <= 0).any():
            raise InputError(
                f"covariance must be a positive number or {d} of them, got {shown(given)}"
            )
        return np.diag(np.broadcast_to(values, d))
    if values.shape != (d, d) or not np.array_equal(values, values.T):
        raise InputError(f"covariance must be symmetric, of shape ({d}, {d}), got {values.shape}")
    if np.linalg.eigvalsh(values)[0] <= 0:
        raise InputError(f"covariance must be positive definite, got {shown(given)}")
    return values
