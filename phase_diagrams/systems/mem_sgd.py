r"""What sending k of d coordinates costs, by batch size: largest learning rates over that of SGD.

For S. U. Stich, J.-B. Cordonnier and M. Jaggi, Sparsified SGD with memory, arXiv 1809.07599.
"""

from __future__ import annotations

from typing import Any

from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.systems.mem_sgd import as_stable_as_rand_k
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.systems.curves import read_list
from sgdmem.phase_diagrams.systems.rate_ratios import draw_rate_ratios
from sgdmem.symbolic.errors import InputError


@sized
def draw_mem_sgd(
    problem: Any = None,
    *,
    kept: Any = ("0.3", "0.1", "0.01"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 60,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw the largest effective learning rate of rand-k, over that of SGD, by batch size.

    With memory that is the learning rate. Batches far below k / 2, of alike features, cost
    nothing; with full ones :math:`\rho/(2-\rho)` is left, :math:`\rho=k/d`. Without memory it is
    :math:`\rho` everywhere: any rate of SGD is stable, but only k of d coordinates take the step.

    Parameters
    ----------
    problem : Problem, optional
        By default 200 Gaussian features of one variance. Its modes are the coordinates; data are
        refused, for their noise is not given mode by mode.
    kept : sequence of numbers
        Shares k / d, a curve for each.
    batch_size : (float, float)
        The range, (low, high).
    points : int
        Batch sizes of a curve.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``gain``, ``full-batches`` and ``level``, without memory.

    Raises
    ------
    InputError
        For an argument outside its domain, and data.

    Examples
    --------
    >>> import sgdmem
    >>> axes = draw_mem_sgd(sgdmem.Spectrum([1, 0.5]), points=5)
    >>> axes.get_xlabel()
    'batch size $B$'
    """
    if problem is not None and as_problem(problem).noise.samples is not None:
        raise InputError("problem must have noise by modes, such as Noise.coupled: data have not")
    shares = read_list(kept, "kept")
    methods = {rf"$k/d = {share}$": as_stable_as_rand_k(1, share) for share in shares}
    label = "largest effective rate, rand-k / SGD"
    return draw_rate_ratios(
        problem,
        methods,
        batch_size,
        points,
        label,
        levels=[float(number(share, "kept")) for share in shares],
        levels_label="without memory",
        ax=ax,
        explained=explained,
        size=size,
    )
