r"""Sharpness: the largest curvature of the loss, and that of batches along their own gradients.

Both have edges at which training is said to rest: `sharpness_edges`.
"""

from __future__ import annotations

import math
from typing import Any

from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.compilation.progress import shown_passes
from sgdmem.numeric.training.networks.loss_curvature import extreme_curvatures, mean_batch_sharpness
from sgdmem.numeric.training.networks.network import undisturbed
from sgdmem.numeric.training.networks.trained_network import TrainedNetwork

BATCHES = 64


@undisturbed()
def sharpness(
    model: Any,
    loss: Any,
    data: Any,
    optimizer: Any = None,
    *,
    accuracy: float = 1e-3,
    batch_size: int | None = None,
    at_once: int = 128,
    progress: bool = False,
) -> float:
    """Return the largest eigenvalue of the Hessian of the loss of all samples.

    Parameters
    ----------
    model, loss, data, at_once, progress
        See `linearized`. It is the Hessian of the loss itself, not that of Gauss and Newton.
    optimizer : torch.optim.Optimizer, LinearOptimizer or Algorithm, optional
        Whose parameters and preconditioner are taken: for Adam it is that of D^-1/2 H D^-1/2, with
        D frozen. The full-batch edge is ``sharpness_edges(method).full_batch``. Weight decay is not
        a part of the loss.
    accuracy : float
        Relative; usually it is far more accurate.
    batch_size : int, optional
        Needed for a loss that is a sum over the batch.

    Raises
    ------
    InputError
        As `linearized`, and for a model without second derivatives.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    >>> x = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    >>> sharpness(model, torch.nn.MSELoss(), (x, 3 * x))
    5.0
    """
    trained = TrainedNetwork.of(model, loss, data, optimizer, batch_size, at_once)
    with shown_passes(progress):
        found = extreme_curvatures(
            trained.network,
            trained.root,
            accuracy=positive_float(accuracy, "accuracy"),
        )
    return found.largest


@undisturbed()
def batch_sharpness(
    model: Any,
    loss: Any,
    data: Any,
    optimizer: Any = None,
    batch_size: float = math.inf,
    *,
    batches: int = BATCHES,
    replacement: bool = True,
    seed: int = 0,
    at_once: int = 128,
    progress: bool = False,
) -> tuple[float, float]:
    r"""Return the Batch Sharpness, the curvature of batches along their gradients, and its error.

    That is :math:`\mathbb E_B[g_B^TH_Bg_B/|g_B|^2]`, the ratio inside the mean (arXiv 2604.14108),
    and the standard error of the mean over the batches drawn.

    Parameters
    ----------
    model, loss, data, optimizer, at_once, progress
        See `sharpness`.
    batch_size : float
        ``inf`` for the full batch.
    batches : int
        How many are drawn.
    replacement : bool
        Whether a batch may have a sample twice.
    seed : int
        Torch's own random state is not touched.

    Raises
    ------
    InputError
        As `sharpness`, and for a batch larger than the data without replacement.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    >>> x = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    >>> batch_sharpness(model, torch.nn.MSELoss(), (x, 3 * x))
    (5.0, 0.0)
    """
    size = None if batch_size == math.inf else whole(batch_size, "batch_size", 1)
    trained = TrainedNetwork.of(model, loss, data, optimizer, size, at_once)
    with shown_passes(progress):
        return mean_batch_sharpness(
            trained.network, trained.root, batch_size, batches, replacement=replacement, seed=seed
        )
