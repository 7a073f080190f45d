r"""The loss of one sample as a function of its outputs: its slope, and a root of its curvature.

With the curvature :math:`S_i=L_iL_i^T` of the loss in the outputs of sample i, whose Jacobian is
:math:`J_i`, the generalised Gauss-Newton matrix is the mean of :math:`J_i^TS_iJ_i`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from sgdmem.numeric.training.networks.refused_modules import failed
from sgdmem.symbolic.errors import InputError, shown

_FLOOR = 1e-6  # of the largest eigenvalue of a curvature: less below 0 is rounding
_ROUNDINGS = 8  # of an eigenvalue of a curvature, for each output
_ALIKE = 1e-3  # relative, of losses that are the same
_TRIED = 16  # samples, from first to last, on which the reduction is found out
_MOST_OUTPUTS = 4096


@dataclass(frozen=True, eq=False)
class OutputLoss:
    """The loss of single samples, whose mean (or sum) over a batch is trained.

    Attributes
    ----------
    of_one : function
        Takes the outputs and the targets of one sample, each with a first dimension of length 1.
    reduction : str
        ``"mean"`` or ``"sum"``: what the loss of a batch is of those of its samples.
    scale : float
        By which ``of_one`` is multiplied.
    notes : tuple of str
        What is assumed, in sentences.
    """

    of_one: Callable[[Any, Any], Any]
    reduction: str
    scale: float = 1.0
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, loss: Any, outputs: Any, targets: Any) -> OutputLoss:
        """Find out how a loss of batches treats samples, from outputs of all of them.

        Raises
        ------
        InputError
            If it is neither the mean nor the sum of what single samples have.
        """
        if not callable(loss):
            raise InputError(f"loss must be a function of outputs and targets, got {shown(loss)}")
        weighted = _weighted(loss, outputs, targets)
        if weighted is not None:
            return weighted
        last = len(outputs) - 1
        some = torch.linspace(0, last, min(max(last + 1, 2), _TRIED)).round().long()
        output, target = outputs[some.to(outputs.device)], targets[some.to(targets.device)]
        # where all is fitted slopes are 0, and those beside it tell
        for tried in (output, 0.9 * output + 0.04):
            together = _slope(loss, tried, target)
            pairs = zip(tried.split(1), target.split(1), strict=True)
            alone = torch.cat([_slope(loss, *pair) for pair in pairs])
            size = max(together.abs().max(), alone.abs().max())
            if not torch.isfinite(size):
                raise InputError("loss must have finite derivatives in the outputs of the model")
            if size > 0:
                break
        for share, reduction in ((len(some), "mean"), (1, "sum")):
            if _are_alike(together, alone / share):
                found = cls(loss, reduction)
                each = found.slopes(outputs, targets) / (len(outputs) if share > 1 else 1)
                if _are_alike(_slope(loss, outputs, targets).reshape(each.shape), each):
                    return found  # of every sample, such as a single one that is ignored
        raise InputError(
            "loss must be the mean or the sum over samples of what each of them has by itself, and "
            f"is neither for outputs of shape {tuple(output.shape)} and targets of "
            f"{tuple(target.shape)}: they may need one shape, or the loss has weights of classes "
            "or ignored targets, which are known of torch.nn.CrossEntropyLoss itself"
        )

    def values(self, outputs: Any, targets: Any) -> Any:
        """Return the loss of each sample, shape (n,)."""
        found = torch.func.vmap(self._single)(outputs, targets)
        return found * self.scale

    def slopes(self, outputs: Any, targets: Any) -> Any:
        """Return the gradients in the outputs, shape (n, K)."""
        found = torch.func.vmap(torch.func.grad(self._single))(outputs, targets)
        return found.reshape(len(outputs), -1) * self.scale

    def curvatures(self, outputs: Any, targets: Any) -> Any:
        """Return the second derivatives in the outputs, shape (n, K, K)."""
        n, K = len(outputs), outputs[0].numel()
        if K > _MOST_OUTPUTS:
            raise InputError(
                f"model must have at most {_MOST_OUTPUTS:,} outputs a sample, got {K:,}"
            )

        def curvature(output: Any, target: Any) -> Any:
            return torch.func.jacrev(torch.func.grad(self._single))(output, target)

        try:
            found = torch.func.vmap(curvature)(outputs, targets)
        except RuntimeError as error:
            raise failed("loss", "second derivatives of single samples", error) from error
        return found.reshape(n, K, K) * self.scale

    def roots(self, outputs: Any, targets: Any) -> tuple[Any, Any]:
        """Return L, symmetric, with L L^T the curvatures, and e with L e the slopes if any has it.

        Shapes (n, K, K) and (n, K).

        Raises
        ------
        InputError
            If a loss is not convex in the outputs.
        """
        sizes, axes = torch.linalg.eigh(self.curvatures(outputs, targets))
        largest = sizes.abs().max()
        if not torch.isfinite(largest):
            raise InputError("loss must have finite second derivatives in the outputs")
        if (sizes.min() < -_FLOOR * largest).item():
            raise InputError(
                "loss must be convex in the outputs of the model: its second derivative there has "
                f"the eigenvalue {sizes.min().item():.3g}"
            )
        rounding = _ROUNDINGS * sizes.shape[1] * torch.finfo(sizes.dtype).eps
        kept = sizes > rounding * sizes.amax(1, keepdim=True)
        roots = torch.where(kept, sizes, 1).sqrt()
        turned = (self.slopes(outputs, targets)[:, None, :] @ axes)[:, 0]
        left, back = torch.where(kept, turned / roots, 0), axes.transpose(1, 2)
        L = (axes * torch.where(kept, roots, 0)[:, None, :]) @ back
        return L, (left[:, None, :] @ back)[:, 0]

    def _single(self, output: Any, target: Any) -> Any:
        return self.of_one(output[None], target[None]).sum()


def _weighted(loss: Any, outputs: Any, targets: Any) -> OutputLoss | None:
    """Return a cross-entropy whose mean is one over weights, or over some of the targets."""
    kinds = (torch.nn.CrossEntropyLoss, torch.nn.NLLLoss)
    if not isinstance(loss, kinds) or loss.reduction != "mean" or targets.is_floating_point():
        return None
    used = targets != loss.ignore_index
    if loss.weight is None and bool(used.all()):
        return None
    every = used.to(outputs.dtype)
    if loss.weight is not None:
        every = every * loss.weight.to(outputs)[targets.clamp(min=0)]
    mean = every.flatten(1).sum(1).mean() if every.ndim > 1 else every.mean()
    options = {"weight": loss.weight, "ignore_index": loss.ignore_index, "reduction": "sum"}
    function: Any = functional.nll_loss
    if isinstance(loss, torch.nn.CrossEntropyLoss):
        function = functional.cross_entropy
        options["label_smoothing"] = loss.label_smoothing

    def of_one(output: Any, target: Any) -> Any:
        return function(output, target, **options)

    note = (
        "the loss of a batch is divided by the weight of its own samples: here it is by their mean "
        "weight"
    )
    return OutputLoss(of_one, "mean", 1 / float(mean), (note,))


def _are_alike(one: Any, other: Any) -> bool:
    return bool(((one - other).abs().max() <= _ALIKE * one.abs().max()).item())


def _slope(loss: Any, outputs: Any, targets: Any) -> Any:
    """Return the gradient of the loss of a batch in its outputs."""
    outputs = outputs.detach()
    with torch.enable_grad():
        try:
            apart, value = loss(outputs, targets), loss(outputs.requires_grad_(), targets)
        except Exception as error:
            shapes = f"outputs of shape {tuple(outputs.shape)}, targets of {tuple(targets.shape)}"
            raise failed("loss", f"{shapes} and {targets.dtype}", error) from error
        if not torch.is_tensor(value) or value.ndim or value.is_complex():
            raise InputError(
                f"loss must return one number for a batch (reduction 'mean' or 'sum'), got "
                f"{shown(value)}"
            )
        if apart.requires_grad:
            raise InputError(
                "loss must depend on parameters by the outputs of the model alone, but has some of "
                "its own, or a penalty on weights: that of their squares is weight_decay of the "
                "optimizer"
            )
        if not value.requires_grad:
            raise InputError("loss must have derivatives in the outputs, but does not hear them")
        return torch.autograd.grad(value, outputs)[0]
