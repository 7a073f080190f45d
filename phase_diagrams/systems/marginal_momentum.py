r"""What momentum is worth by batch size: how much larger its learning rate may be than that of SGD.

After R. Wang et al., The marginal value of momentum for small learning rate SGD, arXiv 2307.15196.
"""

from __future__ import annotations

from typing import Any

from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.systems.curves import read_list
from sgdmem.phase_diagrams.systems.rate_ratios import draw_rate_ratios
from sgdmem.symbolic.zoo.named_algorithms import sgdm


@sized
def draw_marginal_momentum(
    problem: Any = None,
    *,
    momenta: Any = ("0.5", "0.9", "0.99"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 60,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw the largest learning rate of SGDM, over that of SGD, by batch size.

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
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``gain`` and ``full-batches``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> import sgdmem
    >>> axes = draw_marginal_momentum(sgdmem.Spectrum([1, 0.5]), points=5)
    >>> axes.get_xlabel()
    'batch size $B$'
    """
    methods = {rf"$\beta = {beta}$": sgdm(1, beta) for beta in read_list(momenta, "momenta")}
    label = "largest rate, SGDM / SGD"
    return draw_rate_ratios(
        problem, methods, batch_size, points, label, ax=ax, explained=explained, size=size
    )
