"""Runs of SGD of deep linear networks, and what is seen of the modes on the way.

See `sgdmem.numeric.systems.deep_linear.network`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.systems.deep_linear.network import DeepLinearNetwork
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_MOST = 10**8  # weights that a run returns
_EVERY = 100  # steps that are recorded unless others are asked for


@dataclass(frozen=True, eq=False)
class DeepLinearRun:
    """Weights at some steps of several runs, and what they tell; see `deep_linear_run`.

    Attributes
    ----------
    network : DeepLinearNetwork
    learning_rate : float
    batch_size : int or infinity
    steps : array of int, shape (T,)
    weights : list of arrays, shape (T, R, outputs, inputs)
        Of each layer, the first one first.
    """

    network: DeepLinearNetwork
    learning_rate: float
    batch_size: float
    steps: Array
    weights: list[Array] = field(repr=False)

    @property
    def times(self) -> Array:
        """Learning rate times steps, shape (T,)."""
        return self.learning_rate * self.steps

    @cached_property
    def products(self) -> Array:
        """The linear maps that the networks are, shape (T, R, m, d)."""
        product: Array = self.weights[0]
        for layer in self.weights[1:]:
            product = layer @ product
        return product

    @cached_property
    def _in_modes(self) -> Array:
        return self.network.left.T @ self.products @ self.network.right

    @cached_property
    def strengths(self) -> Array:
        """Strengths of the modes, shape (T, R, k)."""
        found: Array = np.einsum("...aa->...a", self._in_modes).copy()
        return found

    @property
    def singular_values(self) -> Array:
        """Of the products, the largest first, shape (T, R, k)."""
        found: Array = np.linalg.svd(self.products, compute_uv=False)
        return found

    @property
    def losses(self) -> Array:
        """Above the least one, in the mean over all samples, shape (T, R)."""
        E = self.products - self.network.target
        found: Array = np.einsum("...ij,jk,...ik->...", E, self.network.covariance, E) / 2
        return found

    @property
    def alignment_defects(self) -> Array:
        """Share of the product (Frobenius norm) that is in no mode, shape (T, R)."""
        whole_norm = np.sum(self.products**2, axis=(-2, -1))
        inside = np.sum(self.strengths**2, axis=-1)
        return _share(np.sqrt(np.maximum(whole_norm - inside, 0)), np.sqrt(whole_norm))

    @property
    def balance_defects(self) -> Array:
        r"""Largest :math:`|W_{l+1}^TW_{l+1}-W_lW_l^T|` over the largest norm of these, (T, R)."""
        inner = [np.swapaxes(W, -1, -2) @ W for W in self.weights[1:]]
        outer = [W @ np.swapaxes(W, -1, -2) for W in self.weights[:-1]]
        if not inner:
            return np.zeros(self.losses.shape)
        apart = [_norm(a - b) for a, b in zip(inner, outer, strict=True)]
        size = np.max([_norm(a) for a in [*inner, *outer]], axis=0)
        return _share(np.max(apart, axis=0), size)

    @property
    def gradient_variances(self) -> Array:
        """Variance of a batch's gradient for the product along each mode, shape (T, R, k)."""
        along = [np.outer(u, v) for u, v in zip(*self._vectors, strict=True)]
        return np.stack([self._variances(A) for A in along], axis=-1)

    @property
    def diffusions(self) -> Array:
        r"""Standard deviation of a step's change of each strength, over root eta, (T, R, k).

        Of aligned, balanced layers it is `DeepLinearMode.diffusion`.
        """
        layers = len(self.weights)
        left, right = [1.0] * layers, [1.0] * layers  # P P^T and Q^T Q, by layer
        P: Any = np.eye(self.network.widths[-1])
        Q: Any = np.eye(self.network.widths[0])
        for place in range(layers):
            left[-1 - place], right[place] = P @ np.swapaxes(P, -1, -2), np.swapaxes(Q, -1, -2) @ Q
            P, Q = P @ self.weights[-1 - place], self.weights[place] @ Q
        found = []
        for u, v in zip(*self._vectors, strict=True):
            A: Any = sum(
                (PP @ u)[..., :, None] * (QQ @ v)[..., None, :]
                for PP, QQ in zip(left, right, strict=True)
            )
            found.append(np.sqrt(self.learning_rate * self._variances(A)))
        return np.stack(found, axis=-1)

    @property
    def _vectors(self) -> tuple[Array, Array]:
        return self.network.left.T, self.network.right.T

    def _variances(self, A: Array) -> Array:
        """Return the variance of <A, G> of a batch, exactly; of Gaussian inputs by Isserlis."""
        E = self.products - self.network.target
        A = np.broadcast_to(A, E.shape)
        if self.network.rows is not None:
            X, y = self.network.rows
            residuals = X @ np.swapaxes(self.products, -1, -2) - y
            parts = np.einsum("...ni,...ij,nj->...n", residuals, A, X)
            return np.asarray(parts.var(axis=-1) / self.batch_size)
        S = self.network.covariance
        K = np.swapaxes(A, -1, -2) @ E  # <A, E x x^T> = x^T K x
        squares = np.einsum("...ij,...ji->...", K @ S, K @ S)
        crossed = np.einsum("...ij,...ij->...", K @ S, S @ K)
        pure = self.network.label_variance * np.einsum("...ij,...ij->...", A @ S, A)
        return np.asarray((squares + crossed + pure) / self.batch_size)


def deep_linear_run(
    network: DeepLinearNetwork,
    start: Sequence[Any],
    learning_rate: Any,
    batch_size: Any,
    steps: Any,
    *,
    record: Any = None,
    seed: Any = 0,
    progress: bool = False,
) -> DeepLinearRun:
    r"""Run SGD of a deep linear network, many runs at once.

    Parameters
    ----------
    network : DeepLinearNetwork
    start : list of L arrays, shape (R, outputs, inputs)
        Such as `DeepLinearNetwork.aligned_start` and `random_start` return, for R runs.
    learning_rate : number > 0
    batch_size : int or infinity
        B; with infinity gradient descent, on all rows of data.
    steps : int
    record : list of int, optional
        Steps after which weights are kept, from 0 on; by default 101 of them, evenly.
    seed : int
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DeepLinearRun

    Raises
    ------
    InputError
        For an argument outside its domain, and if a run diverges.

    Notes
    -----
    10,000 runs of three 3 x 3 layers with B = 10 take some 5 ms a step on one core.

    Examples
    --------
    >>> from sgdmem.systems import DeepLinearNetwork
    >>> network = DeepLinearNetwork([3, 1], depth=2)
    >>> start = network.random_start(0.01)
    >>> run = deep_linear_run(network, start, 0.01, 4, 2000, record=[400, 2000])
    >>> print(run.strengths[:, 0].round(2))
    [[3.   0.17]
     [3.   1.  ]]
    """
    rate = positive_float(learning_rate, "learning_rate")
    B = batch_size if batch_size == math.inf else whole(batch_size, "batch_size", 1)
    last = whole(steps, "steps", 0)
    layers = read_start(network, start)
    R = layers[0].shape[-1]
    kept = _read_record(record, last)
    size = len(kept) * sum(layer.size for layer in layers)
    if size > _MOST:
        raise InputError(f"record must keep at most {_MOST:,} weights of all runs, got {size:,}")
    rng = np.random.default_rng(whole(seed, "seed", 0))
    found = [np.empty((len(kept), *layer.transpose(2, 0, 1).shape)) for layer in layers]
    place = 0
    with shown_progress("SGD", last, progress) as advance:
        for t in range(last + 1):
            if t:
                layers = _stepped(network, layers, rate, B, rng)
                advance(1)
            if place < len(kept) and t == kept[place]:
                bad = ~np.all([np.isfinite(W).all(axis=(0, 1)) for W in layers], axis=0)
                if bad.any():
                    raise InputError(
                        f"learning_rate must be small enough: with {shown(learning_rate)}, "
                        f"{bad.sum()} of {R} runs diverge within {t} steps"
                    )
                for kept_weights, layer in zip(found, layers, strict=True):
                    kept_weights[place] = layer.transpose(2, 0, 1)
                place += 1
    return DeepLinearRun(network, rate, float(B), kept, found)


def _stepped(
    network: DeepLinearNetwork, layers: list[Array], rate: float, B: Any, rng: Any
) -> list[Array]:
    """Return the layers after a step, shapes (outputs, inputs, R)."""
    with np.errstate(over="ignore", invalid="ignore"):
        inputs: list[Any] = [None]  # Q of each layer
        for layer in layers:
            inputs.append(layer if inputs[-1] is None else _times(layer, inputs[-1]))
        if math.isinf(B):
            E = inputs[-1] - network.target[..., None]
            G = np.einsum("ijr,jk->ikr", E, network.covariance)
        else:
            x, y = network.drawn(rng, B, layers[0].shape[-1])
            G = np.einsum("ibr,jbr->ijr", _times(inputs[-1], x) - y, x) / B
        moved = []
        for layer, Q in zip(reversed(layers), reversed(inputs[:-1]), strict=True):
            gradient = G if Q is None else np.einsum("ijr,kjr->ikr", G, Q)
            moved.append(layer - rate * gradient)
            G = np.einsum("jir,jkr->ikr", layer, G)
    return moved[::-1]


def _times(a: Array, b: Array) -> Array:
    product: Array = np.einsum("ijr,jkr->ikr", a, b)
    return product


def _share(part: Array, total: Array) -> Array:
    """Return quotients, 0 of nothing."""
    share: Array = np.divide(part, total, out=np.zeros_like(part), where=total > 0)
    return share


def _norm(values: Array) -> Array:
    norm: Array = np.sqrt(np.sum(values**2, axis=(-2, -1)))
    return norm


def _read_record(record: Any, last: int) -> Array:
    if record is None:
        return np.unique(np.linspace(0, last, _EVERY + 1).round().astype(int))
    if not is_list(record) or not len(record):
        raise InputError(f"record must be a list of steps, got {shown(record)}")
    kept = [whole(step, "record", 0, last) for step in record]
    if any(a >= b for a, b in pairwise(kept)):
        raise InputError(f"record must be increasing, got {shown(record)}")
    return np.array(kept)


def read_start(network: DeepLinearNetwork, start: Any) -> list[Array]:
    """Return layers with runs last, as `_stepped` has them."""
    if not isinstance(network, DeepLinearNetwork):
        raise InputError(f"network must be a DeepLinearNetwork, got {shown(network)}")
    layers = [read_reals(layer, "start") for layer in start] if is_list(start) else []
    R = len(layers[0]) if layers and layers[0].ndim else 0
    shapes = [(R, out, into) for into, out in zip(network.widths, network.widths[1:], strict=False)]
    if [layer.shape for layer in layers] != shapes or not R:
        expected = " and ".join(f"(R, {out}, {into})" for _, out, into in shapes[:3])
        raise InputError(
            f"start must be {len(shapes)} arrays of shapes {expected}"
            f"{' and so on' if len(shapes) > 3 else ''}, got {[x.shape for x in layers[:3]]}"
        )
    return [np.ascontiguousarray(layer.transpose(1, 2, 0)) for layer in layers]
