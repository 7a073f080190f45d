r"""What sending k of d coordinates costs, by batch size: largest learning rates over that of SGD.

For S. U. Stich, J.-B. Cordonnier and M. Jaggi, Sparsified SGD with memory, arXiv 1809.07599.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.systems.mem_sgd import as_stable_as_rand_k
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.systems.curves import Legend, look, read_list, thin
from sgdmem.phase_diagrams.systems.rate_ratios import draw_rate_ratios, rate_ratios
from sgdmem.phase_diagrams.systems.self_describing import self_describing
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray


@self_describing
def mem_sgd_data(
    problem: Any = None,
    *,
    kept: Any = ("0.3", "0.1", "0.01"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 60,
) -> xarray.Dataset:
    r"""Compute the largest effective learning rate of rand-k, over that of SGD, by batch size.

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

    Returns
    -------
    xarray.Dataset
        ``gain`` over (``kept``, ``batch_size``), ``full_batches`` over ``kept``, which is also the
        ratio without memory.

    Raises
    ------
    InputError
        For an argument outside its domain, and data.

    Examples
    --------
    >>> import sgdmem
    >>> mem_sgd_data(sgdmem.Spectrum([1, 0.5]), points=5).gain.shape
    (3, 5)
    """
    if problem is not None and as_problem(problem).noise.samples is not None:
        raise InputError("problem must have noise by modes, such as Noise.coupled: data have not")
    shares = read_list(kept, "kept")
    methods = [as_stable_as_rand_k(1, share) for share in shares]
    return rate_ratios(problem, ("kept", shares), methods, batch_size, points)


def draw_mem_sgd(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``gain``, ``full-batches`` and ``level``, without memory."""
    found = draw_rate_ratios(data, ax, "k/d", "largest effective rate, rand-k / SGD")
    for place, level in enumerate(data["kept"].values):
        named("level", ax.axhline(level, zorder=2, **{**thin(), **look(place)}))
    return {**found, "thin: no memory": thin(BLACK)}
