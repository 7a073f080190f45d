r"""The Hessian of the loss that is trained: its ends, and batches along their gradients.

It is met by products alone, in the coordinates of a preconditioner, whose root multiplies
gradients: the matrix is :math:`\sqrt D\,H\sqrt D`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.progress import report_pass
from sgdmem.numeric.training.networks.krylov_space import KrylovSpace
from sgdmem.numeric.training.networks.network import Network
from sgdmem.symbolic.errors import InputError

_KEPT = 40  # vectors of the Lanczos basis, until it begins anew
_MOST_PRODUCTS = 400
_LEAST_PRODUCTS = 10  # for the smallest: random directions have next to no curvature, nor residual
_ASYMMETRY = 1e-2  # of a product, that is no rounding
_TWICE = ("not implemented", "once_differentiable", "double backward")


@dataclass(eq=False)
class LossCurvature:
    """The gradient of the mean loss of some samples, and products with its Hessian.

    The graph of the gradient is kept where the samples go through the model at once: products then
    cost a pass back. It is of the present values of the parameters, which must stay.

    Attributes
    ----------
    network : Network
    root : tensor of shape (d,), or None
    chosen : tensor of indices, or None
        Which samples; a sample may come twice. None: all.
    """

    network: Network
    root: Any = None
    chosen: Any = None
    _graphs: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.network) if self.chosen is None else len(self.chosen)

    def gradient(self) -> Any:
        """Return the gradient, shape (d,)."""
        with _differentiable(self.network.model):
            return self._scaled(sum(flat.detach() for flat in self._gradients()))

    def product(self, vector: Any) -> Any:
        """Return the Hessian times a vector, shape (d,)."""
        network, total = self.network, torch.zeros_like(vector)
        parts, given = list(network.variables.values()), self._scaled(vector)
        with _differentiable(network.model):
            for flat in self._gradients():
                if not flat.requires_grad:  # a loss that is linear in all parameters
                    continue
                slope = torch.autograd.grad(
                    flat, parts, given, retain_graph=bool(self._graphs), allow_unused=True
                )
                total += network.flat(slope)
        return self._scaled(total)

    def _scaled(self, vector: Any) -> Any:
        return vector if self.root is None else vector * self.root

    def _gradients(self) -> Iterator[Any]:
        """Yield the parts that samples have in the gradient, with their graphs."""
        if self._graphs:
            yield self._graphs[0]
            return
        network, n = self.network, len(self)
        for first in range(0, n, network.at_once):
            last = min(first + network.at_once, n)
            piece = slice(first, last) if self.chosen is None else self.chosen[first:last]
            inputs, targets = network.data.piece(piece, network.device)
            value = network.loss.values(network.outputs_at(inputs), targets).sum() / n
            parts = list(network.variables.values())
            slope = torch.autograd.grad(value, parts, create_graph=True, allow_unused=True)
            flat = network.flat(slope)
            if n <= network.at_once:
                self._graphs.append(flat)
            yield flat
            report_pass((last - first) / len(network))


class Curvatures(NamedTuple):
    """The largest and the smallest eigenvalue of a Hessian.

    Attributes
    ----------
    largest, smallest : float
        Rayleigh quotients: the ends of the spectrum are not between them. ``smallest`` is NaN if it
        was not asked for.
    errors : tuple of float
        An eigenvalue is within so much of each.
    products : int
        How many were taken.
    directions : tensor of shape (d, 1) or (d, 2)
        Their directions: where to begin the next time.
    """

    largest: float
    smallest: float
    errors: tuple[float, float]
    products: int
    directions: Any


def extreme_curvatures(
    network: Network,
    root: Any = None,
    *,
    start: Any = None,
    accuracy: float = 1e-3,
    smallest: float | None = None,
    seed: int = 0,
) -> Curvatures:
    """Return the ends of the spectrum of the Hessian of the loss, by Lanczos iteration.

    Parameters
    ----------
    network : Network
    root : tensor of shape (d,), optional
        The root of a preconditioner.
    start : tensor of shape (d, any), optional
        Directions to begin with, such as those that were found some steps ago.
    accuracy : float
        Of the largest one, as a share of the largest absolute eigenvalue: it bounds the residual,
        and eigenvalues are usually far more accurate. Up to 40 vectors of the size of the
        parameters are kept.
    smallest : float, optional
        The accuracy of the smallest one, as such a share too. By default it is not wanted.
    seed : int
        Of the first direction, where none is given.

    Raises
    ------
    InputError
        If it is not reached by 400 products, as with an accuracy below the rounding errors, and for
        products that are not finite, or not those of a symmetric matrix.
    """
    curvature, d, products = LossCurvature(network, root), network.size, 0
    random = network.tensor(np.random.default_rng(seed).normal(size=d))
    vector = random if start is None else start.to(random).sum(1) + 1e-3 * random / d**0.5
    wanted = [accuracy] if smallest is None else [accuracy, smallest]
    ends = [-1, 0][: len(wanted)]
    while True:
        space = KrylovSpace(curvature.product, _KEPT, vector)
        while not space.is_full:
            space.grow()
            products += 1
            _require_symmetry(space.asymmetry)
            errors = space.errors[ends]
            allowed = np.array(wanted) * abs(space.sizes).max()
            enough = smallest is None or products >= _LEAST_PRODUCTS or not space.can_grow
            if enough and (errors <= allowed).all():
                table = np.full((2, 2), math.nan)
                table[:, : len(ends)] = space.sizes[ends], errors
                (largest, least), (error, other) = table.tolist()
                axes = space.directions(ends)
                return Curvatures(largest, least, (error, other), products, axes)
            if products == _MOST_PRODUCTS:
                worst = (errors / allowed).max()
                raise InputError(
                    f"accuracy {accuracy:g} of the largest curvature is not reached after "
                    f"{products} products: {worst * accuracy:.2g} is"
                )
        vector = space.directions(ends).sum(1)


def mean_batch_sharpness(
    network: Network,
    root: Any,
    batch_size: float,
    batches: int,
    *,
    replacement: bool = True,
    seed: int = 0,
) -> tuple[float, float]:
    r"""Return :math:`\mathbb E_B[g_B^TH_Bg_B/|g_B|^2]` and its standard error over drawn batches.

    The ratio is inside the mean (arXiv 2604.14108). :math:`g_B` and :math:`H_B` are the gradient
    and the Hessian of the loss of the same batch. Batches without a gradient are left out.

    Parameters
    ----------
    network : Network
    root : tensor of shape (d,), or None
        The root of a preconditioner.
    batch_size : float
        ``inf`` for all samples, of which one batch is enough.
    batches : int
    replacement : bool
        Whether a batch may have a sample twice.
    seed : int

    Returns
    -------
    mean, error : float
        NaN where no batch has a gradient, and the error of a single batch.

    Raises
    ------
    InputError
        For a batch larger than the data without replacement.
    """
    n, found = len(network), []
    if math.isinf(batch_size) or (not replacement and batch_size == n):
        drawn: Any = [None]
    else:
        size = whole(batch_size, "batch_size", 1, None if replacement else n)
        count, generator = whole(batches, "batches", 1), np.random.default_rng(seed)
        drawn = (generator.choice(n, size, replacement) for _ in range(count))
    for indices in drawn:
        chosen = None if indices is None else torch.as_tensor(indices)
        curvature = LossCurvature(network, root, chosen)
        slope = curvature.gradient()
        square = float(slope @ slope)
        if square > 0:
            found.append(float(slope @ curvature.product(slope)) / square)
    if not found:
        return math.nan, math.nan
    if len(found) == 1:
        return found[0], 0.0 if drawn == [None] else math.nan
    with np.errstate(invalid="ignore"):  # where training diverges
        return float(np.mean(found)), float(np.std(found, ddof=1) / len(found) ** 0.5)


def _require_symmetry(asymmetry: float) -> None:
    """Raise InputError where products are not those of a symmetric matrix.

    PyTorch drops, without a word, what is behind a function that is differentiable once.
    """
    if asymmetry > _ASYMMETRY:
        raise InputError(
            "model must have second derivatives, which the sharpness is made of, but one of its "
            "functions seems to be differentiable once: products with the Hessian are not symmetric"
        )


@contextmanager
def _differentiable(model: Any) -> Iterator[None]:
    """Take derivatives whatever the caller switched off; recurrent layers without cuDNN's fusing.

    Raises
    ------
    InputError
        For a layer that has no second derivative.
    """
    recurrent = any(isinstance(module, torch.nn.RNNBase) for module in model.modules())
    fused = torch.backends.cudnn.enabled and not recurrent
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=fused):
            yield
    except RuntimeError as error:
        if any(words in str(error) for words in _TWICE):
            raise InputError(
                "model must have second derivatives, which the sharpness is made of, but has not: "
                f"{str(error).splitlines()[0]}"
            ) from None
        raise
