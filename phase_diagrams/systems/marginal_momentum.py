r"""What momentum is worth by batch size: how much larger its learning rate may be than that of SGD.

After R. Wang et al., The marginal value of momentum for small learning rate SGD, arXiv 2307.15196.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sgdmem.phase_diagrams.systems.curves import Legend, read_list
from sgdmem.phase_diagrams.systems.rate_ratios import draw_rate_ratios, rate_ratios
from sgdmem.phase_diagrams.systems.self_describing import self_describing
from sgdmem.symbolic.zoo.named_algorithms import sgdm

if TYPE_CHECKING:
    import xarray


@self_describing
def marginal_momentum_data(
    problem: Any = None,
    *,
    momenta: Any = ("0.5", "0.9", "0.99"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 60,
) -> xarray.Dataset:
    r"""Compute the largest learning rate of SGDM, over that of SGD, by batch size.

    SGDM is :math:`m\leftarrow\beta m+(1-\beta)g,\ w\leftarrow w-\eta m`. Where noise
    bounds rates the ratio is 1, whatever the momentum; with full batches it is
    :math:`(1+\beta)/(1-\beta)`.

    Parameters
    ----------
    problem : Problem, optional
        By default 200 Gaussian features of one variance.
    momenta : sequence of numbers
        A curve for each.
    batch_size : (float, float)
        The range, (low, high).
    points : int
        Batch sizes of a curve.

    Returns
    -------
    xarray.Dataset
        ``gain`` over (``momentum``, ``batch_size``), ``full_batches`` over ``momentum``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> import sgdmem
    >>> marginal_momentum_data(sgdmem.Spectrum([1, 0.5]), points=5).gain.shape
    (3, 5)
    """
    chosen = read_list(momenta, "momenta")
    methods = [sgdm(1, beta) for beta in chosen]
    return rate_ratios(problem, ("momentum", chosen), methods, batch_size, points)


def draw_marginal_momentum(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``gain`` and ``full-batches``."""
    return draw_rate_ratios(data, ax, r"\beta", "largest rate, SGDM / SGD")
