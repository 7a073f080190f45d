"""Phase diagrams: the verdict, and more, over two or three parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.compilation.cuda import Device
from sgdmem.phase_diagrams.maps.axes import Axis
from sgdmem.phase_diagrams.maps.labelled_arrays import as_dataset
from sgdmem.phase_diagrams.maps.labelled_diagram import labelled_diagram
from sgdmem.symbolic.algorithms.family import FamilyLike

if TYPE_CHECKING:
    import xarray


def phase_diagram(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Axis,
    y: Axis,
    panels: Axis | None = None,
    quantities: Sequence[str] = (),
    verdicts_only: bool = False,
    device: Device = "cpu",
    store: str | Path | None = None,
    chunk: int | None = None,
    client: Any = None,
    edges: bool | None = False,
    progress: bool = False,
    **fixed: Any,
) -> xarray.Dataset:
    """Judge a family over two of its parameters.

    Parameters
    ----------
    family : function or str
        A constructor such as `heavy_ball`, any function of named parameters that returns an
        `Algorithm`, or a command-line name. Maps of 100 points or more are compiled if it accepts
        symbols, which takes the first map of a memory under a second. It may do something special
        at single values (0, 1, -1, 2, the ends of the axes, and those that it compares a parameter
        with by ``==`` or ``in``); at all others it must be one formula.
    problem : Problem, Spectrum, array of shape (n, d), or function
        What it is tried on, see `sgdmem.stability`. A function of some of the axes returns it for
        each of their values: ``lambda nu, zeta: Problem.power_law(nu, zeta)``. What stays
        the same along an axis (spectrum and noise, or the target) wherever the others are at an end
        or in the middle is taken to stay the same along it everywhere.
    batch_size : positive number or inf
        See `sgdmem.stability`.
    x, y : (name, values)
        Two parameters and their values, in any order: of the family, of the function that the
        problem may be, or ``batch_size``, ``tau1`` and ``tau2``, which take the place of what the
        problem says.
    panels : (name, values), optional
        A third parameter, which makes a series of maps.
    quantities : sequence of str
        What is to be found beside the verdict: "reason", "effective_learning_rate",
        "critical_eigenvalue", "critical_batch_size", "loss_floor" (with proved bounds found one by
        one, and slowly on data); for infinite power laws with a target, without noise of the
        labels, "regime" (see `loss_regime`) and "loss_exponent", the p of the loss t^-p where it
        is stable.
    verdicts_only : bool
        Leave out the noise sum, the margin and, on samples, bounds: what is left takes two bytes a
        point, far less on disk, as very large maps need. Pictures have regions and edges then, and
        no colours of the noise sum.
    device : "cpu", "cuda" or "auto"
        Where maps of 100 points or more are computed; "auto" takes a GPU if Numba finds one. On
        samples passes over them run there, by PyTorch, see `Problem.from_data`.
    store : path, optional
        A folder (a zarr group) in which the diagram grows chunk by chunk, so that it may be larger
        than memory. What a call that was interrupted, or killed, has left there is not computed
        again by the same call. The results are the same to the last bit with any chunks or none,
        on processors of one kind; on samples that holds for verdicts, while bounds may be closer or
        less close. Needs zarr, an optional part of the installation.
    chunk : int, optional
        How many points a chunk has along x and along y; 1024 by default.
    client : dask.distributed.Client, optional
        A cluster whose workers compute the chunks, and see ``store`` under the same path.
    edges : bool, optional
        Whether the curves at which stability ends are traced (`stability_boundary`), as pictures
        show them in place of a line between points; a second or less for most maps. Where x and y
        are parameters of the family, ``batch_size``, ``tau1`` or ``tau2``, without ``store``. With
        None, where the map can be compiled, and is not of data: what takes long elsewhere.
    progress : bool
        Show a progress bar on stderr, with the time that is left.
    **fixed
        The family's other parameters.

    Returns
    -------
    xarray.Dataset
        Dimensions (y, x) or (panels, y, x) named by the parameters, with the exact values passed;
        variables ``stable`` (int8: 1 stable, 0 not, -1 undecided), ``noiseless`` (the
        same without noise), ``noise_sum`` (inf where it is not stable without noise, the noise of
        one mode feeds on itself, or the sum diverges) and ``margin`` (the smaller of 1 - noise_sum
        and the least 1 + (tau2/B) s; -inf where the noise sum is). Noise sums are those of exact
        arithmetic within a relative 1e-6 where it is stable, 1e-3 elsewhere, and far closer away
        from edges; where bounds that decide are wider, they and margins are nan. The quantities:
        ``reason`` and ``regime`` as places in their attribute ``flag_meanings``, the others as
        floats (nan where there is none). Attributes tell the algorithm's matrices, the spectrum,
        the noise (``noise`` where it is estimated, a coupling matrix or samples), all settings and
        the versions of what computed it. On samples a point is asked only until it is decided:
        ``noise_sum_low`` and ``noise_sum_high`` are proved bounds of the noise radius,
        ``noise_sum_estimate`` is between them and smooth, for pictures (not proved, and not
        estimated where the diagonal part of the noise alone is beyond 2), and ``noise_sum`` and
        ``margin`` are nan where the bounds are not within 1e-6. With ``edges``
        the coordinates ``edge_x`` and ``edge_y`` of their points, along ``edge``, ``edge_curve``,
        the number of the curve, and ``edge_panel``, of the map. With ``store`` values
        are read when they are used.

    Raises
    ------
    InputError
        If the family or a parameter is unknown or missing, a value is not in its domain, there are
        more than 10**7 points without ``store``, ``store`` holds another diagram, or
        ``device="cuda"`` finds no GPU.

    Examples
    --------
    >>> from sgdmem import Problem, Spectrum
    >>> diagram = phase_diagram(
    ...     "heavy-ball",
    ...     Spectrum([1, 0.5]),
    ...     8,
    ...     x=("learning_rate", [0.1, 1, 10]),
    ...     y=("momentum", [0, 0.9]),
    ... )
    >>> diagram.stable.values
    array([[1, 1, 0],
           [1, 0, 0]], dtype=int8)

    Steeper power laws and larger batches let the learning rate grow:

    >>> series = phase_diagram(
    ...     "sgd",
    ...     lambda nu: Problem.power_law(nu),
    ...     x=("learning_rate", [0.5, 1]),
    ...     y=("nu", [1.2, 2]),
    ...     panels=("batch_size", [1, 4]),
    ... )
    >>> series.stable.sel(batch_size=1).values
    array([[0, 0],
           [1, 0]], dtype=int8)
    """
    return as_dataset(
        labelled_diagram(
            family,
            problem,
            batch_size,
            x=x,
            y=y,
            panels=panels,
            quantities=quantities,
            verdicts_only=verdicts_only,
            device=device,
            store=store,
            chunk=chunk,
            client=client,
            edges=edges,
            progress=progress,
            **fixed,
        )
    )
