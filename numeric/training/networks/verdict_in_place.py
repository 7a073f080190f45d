"""A verdict on a network, its optimizer and its batch size, in place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.compilation.progress import shown_passes
from sgdmem.numeric.problems.drawing import Drawing, Epoch
from sgdmem.numeric.training.networks.linearized import Linearization, linearization
from sgdmem.numeric.training.networks.loss_curvature import extreme_curvatures, mean_batch_sharpness
from sgdmem.numeric.training.networks.network import Network, undisturbed
from sgdmem.numeric.training.networks.trained_network import read_optimizer
from sgdmem.numeric.training.networks.training_data import batch_size_of
from sgdmem.numeric.training.networks.training_verdict import TrainingVerdict
from sgdmem.numeric.verdicts.sharpness_edges import sharpness_edges
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.errors import InputError, shown

_BATCHES = 64  # whose sharpness is measured
_ENOUGH = 0.95  # of the trace, below which it is said
_APART = 0.1  # relative, of the Hessian and the Gauss-Newton matrix
_NEGATIVE = 0.02  # curvature, over the largest one
_SMALLEST = 2e-2  # accuracy of the smallest curvature, over the largest one
_OUTSIDE = 0.5  # share of the gradient


@undisturbed()
def verdict(
    model: Any,
    loss: Any,
    data: Any,
    optimizer: Any,
    batch_size: int | None = None,
    *,
    drop_last: bool | None = None,
    modes: int | None = None,
    hessian: Any = None,
    batches: int = _BATCHES,
    at_once: int = 128,
    progress: bool = False,
) -> TrainingVerdict:
    """Judge training where it stands: whether it is stable, and how far from its edges.

    The network is linearised at its present parameters, and the optimizer taken with its present
    values. Epochs of a shuffling DataLoader are judged as batches drawn anew, with replacement:
    their noise is nearest to that.

    Parameters
    ----------
    model, loss, data, modes, hessian, at_once, progress
        As for `linearized`.
    optimizer : torch.optim.Optimizer, LinearOptimizer or Algorithm
        See `from_optimizer`. Weight decay that differs between its groups is left out, and a note
        says so.
    batch_size : int, optional
        By default that of the DataLoader given as data. All samples are a full batch, without
        noise.
    drop_last : bool, optional
        Whether all batches have one size; else an epoch ends with what is left of the samples, and
        the mean of 1 / batch size over the epoch counts, but for a loss that is a sum over the
        batch, whose smaller batches are quieter: they are left out. By default that of the
        DataLoader, or True.
    batches : int
        How many random batches the Batch Sharpness is the mean of.

    Returns
    -------
    TrainingVerdict

    Raises
    ------
    InputError
        As `linearized` and `from_optimizer`.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model, x = torch.nn.Linear(3, 1), torch.randn(50, 3)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    >>> found = verdict(model, torch.nn.MSELoss(), (x, x.sum(1, keepdim=True)), optimizer, 10)
    >>> found.stable, found.edge_formula
    (True, '2(1+β)/lr')
    """
    read = read_optimizer(optimizer)
    size, drop_last = _batches(data, batch_size, drop_last)
    found = linearization(
        model, loss, data, read, modes=modes, hessian=hessian, batch_size=size, at_once=at_once,
        progress=progress,
    )  # fmt: skip
    network, n = found.network, len(found.network)
    if network.loss.reduction == "sum":
        drop_last = True  # a smaller batch of a sum makes smaller steps, and less noise
    method = read.present
    judged = stability(method, found.problem, _mean_size(size, n, drop_last))
    root = found.gauss_newton.root
    with shown_passes(progress):
        curvatures = extreme_curvatures(
            network, root, start=_first_direction(found), smallest=_SMALLEST
        )
        single, error = mean_batch_sharpness(
            network, root, math.inf if size >= n else size, whole(batches, "batches", 1)
        )
    gradient = found.gauss_newton.gradient()
    edge = sharpness_edges(method, read.weight_decay).small_batch
    rate = float(read.options["lr"] if read.options else 2 / edge)
    assert found.problem.samples is not None
    result = TrainingVerdict(
        verdict=judged,
        optimizer=read,
        learning_rate=rate,
        largest_learning_rate=rate * judged.critical_scale,
        sharpness=curvatures.largest,
        sharpness_edge=judged.critical_eigenvalue,
        edge_formula=_formula(read.options, judged.critical_eigenvalue),
        batches=_batches_in_words(size, n, drop_last),
        batch_sharpness=single,
        batch_sharpness_error=error,
        batch_sharpness_edge=edge,
        gauss_newton_sharpness=float(found.problem.samples.eigenvalues[0]),
        smallest_curvature=curvatures.smallest,
        smallest_curvature_error=curvatures.errors[1],
        modes=len(found.problem.spectrum),
        trace_share=found.trace_share,
        trace_error=found.trace_error,
        gradient_outside=_outside(gradient, found.basis),
        warnings=(),
    )
    warnings = (*_warnings(result, found), *network.loss.notes)
    return replace(result, warnings=warnings)


def _batches(data: Any, batch_size: int | None, drop_last: bool | None) -> tuple[int, bool]:
    """Return the size of batches, and whether all have it, as a DataLoader has them."""
    loader = data if isinstance(data, torch.utils.data.DataLoader) else None
    if batch_size is None:
        batch_size = batch_size_of(data)
    if drop_last is None:
        drop_last = True if loader is None else bool(loader.drop_last)
    if not isinstance(drop_last, bool):
        raise InputError(f"drop_last must be True or False, got {shown(drop_last)}")
    return whole(batch_size, "batch_size", 1), drop_last


def _mean_size(size: int, count: int, drop_last: bool) -> float:
    """Return the batch size whose noise is the mean over an epoch; inf for a batch of all.

    Examples
    --------
    >>> _mean_size(4, 10, True), _mean_size(4, 10, False), _mean_size(16, 10, True)
    (4, 3.0, inf)
    """
    if size >= count:
        return math.inf
    epoch = _epoch(size, count, drop_last)
    return size if epoch is None else epoch.steps / sum(1 / b for b in epoch.sizes)


def _epoch(size: int, count: int, drop_last: bool) -> Epoch | None:
    return Drawing(drop_last=drop_last).epoch(count, Fraction(1, size))


def _batches_in_words(size: int, count: int, drop_last: bool) -> str:
    if size >= count:
        return "every batch is all samples"
    judged = "judged as drawn anew for each step, with replacement; so are shuffled epochs"
    epoch = _epoch(size, count, drop_last)
    if epoch is None:
        return f"batches of {size} are {judged}"
    mean = _mean_size(size, count, drop_last)
    drawn = f"batches of {size} and one of {epoch.last}"
    return f"{drawn}, with the mean noise of {mean:.3g}, are {judged}"


def _formula(options: Mapping[str, Any], edge: float) -> str:
    """Return the formula that the full-batch edge is of, among those in use; else nothing."""
    lr = float(options.get("lr", 0))
    beta = float(options.get("momentum") or options.get("betas", (0.0,))[0])
    if not lr:
        return ""
    formulas = {"2/lr": 2 / lr}
    if 0 < beta < 1:
        formulas["2(1+β)/lr"] = 2 * (1 + beta) / lr
        formulas["2(1+β)/((1+2β) lr)"] = 2 * (1 + beta) / (1 + 2 * beta) / lr
        formulas["2(1+β)/((1-β) lr)"] = 2 * (1 + beta) / (1 - beta) / lr
    alike = [name for name, value in formulas.items() if math.isclose(value, edge, rel_tol=1e-9)]
    return alike[0] if alike else ""


def _first_direction(found: Linearization) -> Any:
    """Return the direction of the largest Gauss-Newton curvature, if it is known."""
    return None if found.basis is None else torch.as_tensor(found.basis[:, :1])


def _outside(gradient: Array, basis: Array | None) -> float:
    total = float(gradient @ gradient)
    if basis is None or not total:
        return 0.0
    return max(0.0, 1 - float(np.square(gradient @ basis).sum()) / total)


def _warnings(found: TrainingVerdict, linear: Linearization) -> Iterator[str]:
    """Yield where the linear theory may not apply."""
    apart = abs(found.sharpness / found.gauss_newton_sharpness - 1)
    negative = -found.smallest_curvature / found.sharpness if found.sharpness > 0 else math.inf
    if max(apart, negative) > _APART:
        yield (
            "the network is not near a minimum of its loss: the Hessian, with eigenvalues from "
            f"{found.smallest_curvature:.3g} to {found.sharpness:.4g}, is not the Gauss-Newton "
            f"matrix, whose largest is {found.gauss_newton_sharpness:.4g}; rates may be off as much"
        )
    if found.stable and found.sharpness > found.sharpness_edge:
        yield (
            f"the sharpness exceeds its full-batch edge, {found.sharpness_edge:.4g}, though that "
            "of the Gauss-Newton matrix, which the verdict is about, does not"
        )
    if negative > _NEGATIVE:
        yield (
            f"the loss has negative curvature, {found.smallest_curvature:.3g}: every rate leaves "
            "along it, slowly"
        )
    if found.trace_share < _ENOUGH:
        yield (
            f"the modes have only {100 * found.trace_share:.3g}% of the trace: with more modes the "
            "radius is known better"
        )
    if found.gradient_outside > _OUTSIDE:
        yield (
            f"{percent(found.gradient_outside)} of the squared gradient lies outside the modes: "
            "what training learns now is slow directions, that do not decide stability"
        )
    if _is_separated(linear.network):
        yield (
            "all samples are classified as their targets say: the cross-entropy has no minimum at "
            "finite weights, its curvature falls as training goes on, and the verdict is about "
            "this moment (label smoothing gives it a minimum)"
        )


def _is_separated(network: Network) -> bool:
    """Whether a cross-entropy without smoothing has its way on every sample."""
    loss = network.loss_function
    plain = isinstance(loss, torch.nn.CrossEntropyLoss) and loss.label_smoothing == 0
    plain = plain or loss is torch.nn.functional.cross_entropy
    targets = network.data.piece(slice(None), network.device)[1]
    if not plain or targets.is_floating_point():
        return False
    return bool((network.all_outputs.argmax(1) == targets).all())
