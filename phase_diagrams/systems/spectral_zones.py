"""The three ranges of eq. (26) of arXiv 2410.04228 for one method of memory 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sgdmem.phase_diagrams.pictures.noise_data import noise_summand_data
from sgdmem.phase_diagrams.systems.diagram_parts import read_problem
from sgdmem.phase_diagrams.systems.self_describing import self_describing
from sgdmem.symbolic.zoo.named_algorithms import memory_one

if TYPE_CHECKING:
    import xarray


@self_describing
def spectral_zones_data(
    problem: Any = None,
    *,
    q0: Any = "0.5",
    damping: Any = "1e-4",
    effective_learning_rate: Any = 100,
    batch_size: Any = 8,
) -> xarray.Dataset:
    """Compute the noise summand of a method of memory 1, with its ranges; see `named_diagram`.

    Examples
    --------
    >>> [round(end, 4) for end in spectral_zones_data().range_end.values.tolist()]
    [0.0002, 0.04, 4.0]
    """
    method = memory_one(effective_learning_rate, q0, damping)
    return noise_summand_data(method, read_problem(problem), batch_size)
