r"""The quadratic problem that a network is near its present parameters.

The loss is taken to second order by the generalised Gauss-Newton matrix: sample i has the rows
:math:`L_iJ_i` of its Jacobian, with :math:`L_iL_i` the curvature of the loss in its outputs, and
what is left of its labels in the same units. That is the least squares of these rows, whose batches
are judged exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.compilation.progress import expect_passes, shown_passes
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.training.networks.gauss_newton import GaussNewton
from sgdmem.numeric.training.networks.leading_directions import (
    FEW,
    leading_of_products,
    leading_of_rows,
    products_for,
)
from sgdmem.numeric.training.networks.loss_curvature import LossCurvature
from sgdmem.numeric.training.networks.network import Network, undisturbed
from sgdmem.numeric.training.networks.trained_network import TrainedNetwork
from sgdmem.symbolic.errors import InputError, shown

ALL = 400  # modes, up to which all are kept
_KEPT = 2**28  # numbers of rows that are kept
_PROBES = 6  # of the trace
_WHOLE = 0.9999  # of the trace, from which on nothing is estimated


@dataclass(frozen=True, eq=False)
class Linearization:
    """A network near its present parameters.

    Attributes
    ----------
    problem : Problem
    network : Network
    gauss_newton : GaussNewton
    basis : ndarray, shape (d, k), or None
        The directions of parameters that the problem is about; None for all.
    trace_error : float
        The standard error of the share of the trace.
    """

    problem: Problem
    network: Network
    gauss_newton: GaussNewton
    basis: Array | None
    trace_error: float

    @property
    def trace_share(self) -> float:
        """Of the trace that the modes have."""
        assert self.problem.samples is not None
        return self.problem.samples.trace_share


def linearized(
    model: Any,
    loss: Any,
    data: Any,
    optimizer: Any = None,
    *,
    modes: int | None = None,
    hessian: Any = None,
    batch_size: int | None = None,
    replacement: bool = True,
    drop_last: bool = True,
    shuffle: bool = False,
    at_once: int = 128,
    progress: bool = False,
) -> Problem:
    r"""Return the problem of training a network near its present parameters.

    Its samples are those of the data: verdicts are exact for the linearised network where all modes
    are kept. With less, the noise of the modes that are left out is taken in proportion to
    their share of the trace, and verdicts say *estimated*.

    Parameters
    ----------
    model : torch.nn.Module
        As it is trained, with ``model.eval()`` if it has BatchNorm or dropout. What DataParallel,
        DistributedDataParallel or ``torch.compile`` wrap is taken out.
    loss : function
        Of outputs and targets of a batch, such as ``torch.nn.MSELoss()`` or
        ``torch.nn.CrossEntropyLoss(label_smoothing=0.1)``: the mean, or the sum, over samples of
        something that is convex in the outputs.
    data : (inputs, targets), Dataset or DataLoader
        All samples are used.
    optimizer : torch.optim.Optimizer, LinearOptimizer or Algorithm, optional
        Whose parameters, preconditioner and weight decay are taken; by default all parameters that
        need gradients, and neither.
    modes : int, optional
        How many leading modes are kept. By default all if there are up to 400; else those of 95% of
        the trace, up to 128; or up to 12 where the Jacobians of all samples are too large for
        memory. Such modes are found by products, and none below a thousandth of the largest.
    hessian : True, or scipy.sparse.linalg.LinearOperator of shape (d, d), optional
        Whose leading modes are taken in place of those of the Gauss-Newton matrix: True for the
        Hessian of the loss, or a matrix of another library, in the order of the parameters that are
        trained.
    batch_size : int, optional
        Needed for a loss that is a sum over the batch: its curvature grows with it.
    replacement, drop_last, shuffle : bool
        How batches are drawn, as in `Noise.sampled`.
    at_once : int
        How many samples go through the model together: memory.
    progress : bool
        Show on stderr how many passes over the data are done and expected.

    Raises
    ------
    InputError
        For a model whose samples mix or that is random, a loss that is not convex in the outputs,
        and other bad input.

    Examples
    --------
    A linear model: the curvature of ``MSELoss`` has a factor 2.

    >>> import torch
    >>> model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    >>> x = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    >>> problem = linearized(model, torch.nn.MSELoss(), (x, 3 * x))
    >>> problem.spectrum.eigenvalues  # 2 (1 + 4) / 2
    array([5.])
    """
    return linearization(
        model, loss, data, optimizer, modes=modes, hessian=hessian, batch_size=batch_size,
        replacement=replacement, drop_last=drop_last, shuffle=shuffle, at_once=at_once,
        progress=progress,
    ).problem  # fmt: skip


@undisturbed()
def linearization(
    model: Any,
    loss: Any,
    data: Any,
    optimizer: Any = None,
    *,
    modes: int | None = None,
    hessian: Any = None,
    batch_size: int | None = None,
    at_once: int = 128,
    progress: bool = False,
    **drawing: bool,
) -> Linearization:
    """Return what `linearized` does, with the network and the directions of its modes."""
    trained = TrainedNetwork.of(model, loss, data, optimizer, batch_size, at_once)
    network = trained.network
    if modes is not None:
        modes = whole(modes, "modes", 1, network.size)
    gauss_newton = GaussNewton(network, trained.root)
    with shown_passes(progress):
        found = _rows(gauss_newton, modes, hessian)
    problem = _problem(found, gauss_newton.residuals, drawing, trained)
    if found.trace_share < _WHOLE:
        problem = _partial(problem, found)
    return Linearization(problem, network, gauss_newton, found.basis, found.trace_error)


class _Rows(NamedTuple):
    """Rows in some directions, and what is left out of them.

    ``left_out`` holds the squared norms of what is left of each sample, shape (n, R), R times; the
    mean of these is an estimate.
    """

    rows: Array
    basis: Array | None
    left_out: Array

    @property
    def trace_share(self) -> float:
        kept, left = np.square(self.rows).sum() / len(self.rows), self.left_out.mean()
        return float(kept / (kept + left))

    @property
    def trace_error(self) -> float:
        """The standard error of the share."""
        runs = self.left_out.mean(axis=0)
        if runs.size == 1:
            return 0.0
        left, error = runs.mean(), runs.std(ddof=1) / np.sqrt(runs.size)
        return float(self.trace_share * (1 - self.trace_share) * error / left)


def _rows(gauss_newton: GaussNewton, modes: int | None, hessian: Any) -> _Rows:
    network = gauss_newton.network
    n, K, d = len(network), network.outputs, network.size
    if hessian is not None or n * K * d > _KEPT:
        return _rows_by_products(gauss_newton, modes, hessian)
    expect_passes(1)
    every = gauss_newton.rows()
    if min(n * K, d) <= (ALL if modes is None else modes):
        return _Rows(every.cpu().numpy(), None, np.zeros((n, 1)))
    axes = leading_of_rows(every.reshape(n * K, d), modes)
    some = every @ axes
    left = every.square().sum((1, 2)) - some.square().sum((1, 2))
    return _Rows(
        some.cpu().numpy(),
        axes.cpu().numpy().astype(float),
        left.clamp(min=0).cpu().numpy()[:, None],
    )


def _rows_by_products(gauss_newton: GaussNewton, modes: int | None, hessian: Any) -> _Rows:
    """Return rows along leading directions of the Gauss-Newton matrix, or of another one."""
    network, most = gauss_newton.network, products_for(modes)
    size = (most + FEW) * network.dtype.itemsize + (3 * (modes or FEW) + 2 * _PROBES) * 8.0
    require_memory(network.size * size, f"{modes or FEW} modes", "fewer modes")
    expect_passes(most)
    generator, along = np.random.default_rng(0), []  # rows times each vector of the space

    def product(vector: Any) -> Any:
        found, rows = gauss_newton.product(vector)
        along.append(rows.cpu().numpy())
        return found

    def start() -> Any:
        """Return what random weights of the rows make, as nothing outside of them is wanted."""
        if hessian is not None:
            return network.tensor(generator.normal(size=network.size))
        weights = generator.normal(size=(len(network), network.outputs))
        return gauss_newton.transposed(network.tensor(weights))

    products = product if hessian is None else _products_of(hessian, gauss_newton)
    space, which = leading_of_products(products, start, modes)
    basis = space.directions(which).cpu().numpy().astype(float)
    rows = np.stack(along, axis=-1) @ space.axes(which) if along else gauss_newton.projected(basis)
    del space  # its vectors are as large as the network
    return _Rows(rows, basis, gauss_newton.left_out(basis, _PROBES))


def _products_of(hessian: Any, gauss_newton: GaussNewton) -> Callable[[Any], Any]:
    """Return products with a matrix that is given, in the coordinates of the preconditioner."""
    network, root = gauss_newton.network, gauss_newton.root
    if hessian is True:
        return LossCurvature(network, root).product
    d = network.size
    if getattr(hessian, "shape", None) != (d, d) or not hasattr(hessian, "matvec"):
        raise InputError(
            f"hessian must be True or a scipy LinearOperator of shape {(d, d)}, got "
            f"{shown(hessian)}"
        )
    scale = torch.ones(()) if root is None else root

    def product(vector: Any) -> Any:
        found = hessian @ (scale * vector).cpu().numpy().astype(float)
        return scale * network.tensor(found)

    return product


def _problem(
    found: _Rows, residuals: Array, drawing: dict[str, Any], trained: TrainedNetwork
) -> Problem:
    """Return the problem of some rows that starts with these residuals.

    It starts at 0, but where weights decay: they do so to where the network has all weights 0.
    """
    if not found.rows.any():
        raise InputError(
            "loss must be curved in the outputs of some sample that depend on the parameters: here "
            "it is linear (as L1 is everywhere, Huber's far from the targets, and NLLLoss, where "
            "CrossEntropyLoss of the outputs before their log-softmax is not)"
        )
    if not trained.decays:
        labels = -residuals if residuals.any() else None
        return Problem.from_data(found.rows, labels, **drawing)
    start, decay = trained.weights, trained.read.weight_decay if trained.read else 0
    start = start if found.basis is None else found.basis.T @ start
    labels = found.rows @ start - residuals
    return Problem.from_data(found.rows, labels, start=start, weight_decay=decay, **drawing)


def _partial(problem: Problem, found: _Rows) -> Problem:
    """Return a problem of leading modes alone."""
    assert problem.samples is not None
    most = float(found.left_out.mean(axis=1).max())
    samples = replace(problem.samples, trace_share=found.trace_share, left_out=most)
    return Problem(problem.spectrum, Noise(samples=samples), start=problem.start)
