r"""Where momentum under sparse updates is a heavy ball, and where it is SGD (arXiv 2605.28961)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import below_one, number, whole
from sgdmem.numeric.systems.sparse_momentum import SparseInputs, active_clock
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    curves_of,
    look,
    pair_within,
    read_list,
    require_none,
    theory,
    thick,
    thin,
)
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable

if TYPE_CHECKING:
    import xarray

_SHARP = 1e-4  # error of gamma
_MOST_STEPS = 6  # from a point of the curve to the next one


@self_describing
def sparse_phases_data(
    problem: Any = None,
    *,
    sigma: Any = "0.5",
    kappa: tuple[float, float] = (0.0, 1.0),
    dimensions: Any = (100, 10_000, 10**8),
    points: int = 25,
) -> xarray.Dataset:
    r"""Compute at which momentum learning, at the largest stable rate, takes as long as retention.

    With :math:`p=d^{-\kappa},\ B=d^\sigma,\ 1-\beta=d^{-\gamma}` and all coordinates active
    together. Above its curve SGDM can be a heavy ball (A, B), below it is SGD at every stable rate
    (C, D); right of :math:`\kappa=\sigma` most batches are idle (B, D). As d grows the curves tend
    to the resonance line :math:`\gamma=1-\sigma+\kappa`.

    Parameters
    ----------
    problem : None
        Chosen by the diagram.
    sigma : number
        From 0 to 1, without 1.
    kappa : (float, float)
        The range, (low, high), from 0 on.
    dimensions : sequence of int
        From 10 to 1e20: a curve for each.
    points : int
        Of a curve.

    Returns
    -------
    xarray.Dataset
        ``gamma`` over (``dimension``, ``kappa``), ``resonance`` over ``kappa``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> sparse_phases_data(points=2, dimensions=[100]).resonance.values
    array([0.5, 1.5])
    """
    import xarray

    require_none(problem, "sparse-phases", "sparse inputs")
    σ = float(below_one(sigma, "sigma"))
    exponents = np.linspace(*pair_within("kappa", kappa, 0, 4), whole(points, "points", 2))
    given = read_list(dimensions, "dimensions")
    chosen = [whole(number(d, "dimensions"), "dimensions", 10, 10**20) for d in given]
    levels = [_resonances(d, exponents.tolist(), σ) for d in chosen]
    equal = "gamma of the momentum at which retention is as long as learning"
    limit = f"{equal}, as d grows"
    return xarray.Dataset(
        {
            "gamma": variable(("dimension", "kappa"), levels, equal),
            "resonance": variable("kappa", 1 - σ + exponents, limit),
        },
        {
            "dimension": coordinate("dimension", np.array(chosen, float), "dimension"),
            "kappa": coordinate("kappa", exponents, "exponent of the sparsity"),
            "sigma": coordinate((), σ, "exponent of the batch size"),
        },
    )


def draw_sparse_phases(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``retention-is-learning``, ``resonance``, ``idle`` and ``limit-name``."""
    exponents, σ, line = data["kappa"].values, float(data["sigma"]), data["resonance"].values
    for place, one in enumerate(curves_of(data, "dimension")):
        curve = {"label": f"$d = {_power(int(one['dimension']))}$", **look(place), **thick()}
        named("retention-is-learning", *ax.plot(exponents, one["gamma"], **curve))
    named("resonance", *ax.plot(exponents, line, **theory()))
    low, high, top = exponents[0], exponents[-1], line[-1] + 0.5
    ax.set(xlim=(low, high), ylim=(0, top))
    idle = low < σ < high
    if idle:
        named("idle", ax.axvline(σ, **thin(), zorder=1))
    for name, (left, right) in {"AC": (low, min(σ, high)), "BD": (max(σ, low), high)}.items():
        middle = (left + right) / 2
        line_there = 1 - σ + middle
        for letter, level in zip(name, ((line_there + top) / 2, line_there / 5), strict=True):
            if right > left:
                text = ax.text(middle, level, letter, ha="center", va="center")
                named("limit-name", text)
    ax.set(xlabel=r"sparsity: $p=d^{-\kappa}$", ylabel=r"momentum: $1-\beta=d^{-\gamma}$")
    write_title(ax, rf"$B=d^{{{σ:g}}}$: heavy ball (A, B) or SGD (C, D)", "small")
    beyond = {r"$\kappa=\sigma$: idle batches beyond": thin()} if idle else {}
    return {r"$d\to\infty$: resonance line": theory(), **beyond}


def _power(dimension: int) -> str:
    """Return a power of ten as one."""
    digits = len(str(dimension)) - 1
    return f"10^{{{digits}}}" if dimension == 10**digits and digits > 3 else str(dimension)


def _resonances(dimension: int, exponents: Sequence[float], sigma: float) -> list[float]:
    """Return the resonance for each kappa; a curve is followed from its last two points."""
    found: list[float] = []
    for kappa in exponents:
        near = 2 * found[-1] - found[-2] if len(found) > 1 else None
        found.append(_resonance(dimension, kappa, sigma, near))
    return found


def _resonance(dimension: int, kappa: float, sigma: float, near: float | None = None) -> float:
    """Return gamma at which retention, at the largest rate, is as long as learning."""
    from scipy.optimize import brentq, root_scalar

    p, B = Fraction(dimension**-kappa), Fraction(dimension**sigma)
    inputs = SparseInputs(p, dimension).problem

    def excess(gamma: float) -> float:
        β = 1 - Fraction(dimension**-gamma)
        rate = largest_learning_rate("sgdm", inputs, B, momentum=β)
        clock = active_clock(p, rate, β, B)
        return float(np.log(clock.retention / clock.learning))

    highest = 2 - sigma + kappa
    if near is not None and 0 < near < highest:
        start = {"x0": near, "x1": near + 10 * _SHARP}
        secant = root_scalar(excess, method="secant", **start, xtol=_SHARP, maxiter=_MOST_STEPS)
        if secant.converged and 0 < secant.root < highest:
            return float(secant.root)
    if excess(0.0) > 0:
        return 0.0
    return float(brentq(excess, 0.0, highest, xtol=_SHARP))
