r"""The loss of Kaczmarz from its worst start, by steps, below the guarantee (arXiv 2604.09909)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.systems.kaczmarz import kaczmarz
from sgdmem.numeric.systems.kaczmarz_guarantee import guaranteed_exponent, guaranteed_losses
from sgdmem.numeric.systems.kaczmarz_rate import last_iterate_constant
from sgdmem.numeric.systems.kaczmarz_start import worst_losses
from sgdmem.numeric.systems.kaczmarz_worst import layered_limit, layered_system
from sgdmem.phase_diagrams.maps.varying_problem import described
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import dashed
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import Legend, dotted, look, theory, thick, thin
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray

_MOST_STEPS = 10**5
_SEED = 0


@self_describing
def kaczmarz_data(
    problem: Any = None,
    *,
    steps: int = 1000,
    learning_rate: Any = 1,
    probabilities: Any = "norms",
    blocks: Any = 1,
    points: int = 200,
    progress: bool = False,
) -> xarray.Dataset:
    r"""Compute exact mean losses from the worst start at a distance of 1, after each step.

    Above them is what the eigenvalue equation guarantees for all systems, its power of t, 3/4
    for the greedy step, as the paper has it, and what is proved of the last iterate, a constant
    over t + 1. At the rate 1 there is also the limit of the slowest layers, 0.227 / t, that systems
    can come to at any t.

    Parameters
    ----------
    problem : Problem or array of shape (n, d), optional
        One of samples, such as that of `kaczmarz`; by default several systems. Samples of one
        output are the rows of a system, of which `kaczmarz` makes the problem; those of several
        are taken as they are, with curvatures up to 1.
    steps : int
        The largest t.
    learning_rate : number
        1 is the greedy step, others are relaxed; from 0.01 to 1.9.
    probabilities, blocks
        Of rows, as for `kaczmarz`. "norms" are those of the rows times the square roots of their
        weights, if the problem has some: what `kaczmarz` returned stays as it is.
    points : int
        Of a curve, at most.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    xarray.Dataset
        ``loss`` over (``system``, ``steps``), and over ``steps`` ``guarantee``, ``power``,
        ``last_iterate`` and, at the rate 1, ``slowest``.

    Raises
    ------
    InputError
        For an argument outside its domain, and a problem without samples.

    Examples
    --------
    >>> kaczmarz_data(steps=10).guarantee[0].item()
    0.25
    """
    import xarray

    last = whole(steps, "steps", 2, _MOST_STEPS)
    rate = positive_float(learning_rate, "learning_rate")
    bound = guaranteed_losses(last, rate, progress=progress)
    constant = last_iterate_constant(rate)
    t = np.unique(np.geomspace(1, last, whole(points, "points", 2)).round().astype(int))
    if problem is None:
        if not (_is(probabilities, "norms") and _is(blocks, 1)):
            raise InputError("probabilities and blocks belong to a problem of rows: give one")
        problems = _systems(last)
    else:
        problems = {"the system": _system(as_problem(problem), probabilities, blocks)}
    losses = [
        worst_losses(each, last, rate, progress=progress).losses[t] for each in problems.values()
    ]
    exponent = 0.75 if rate == 1 else guaranteed_exponent(rate)
    power = (bound[t] * t**exponent).max() / t**exponent
    worst = "mean loss from the worst start"
    found = {
        "loss": variable(("system", "steps"), losses, worst),
        "guarantee": variable("steps", bound[t], "bound of the eigenvalue equation", "proved"),
        "power": variable("steps", power, "power of t above the bound", "proved"),
        "last_iterate": variable("steps", constant / (t + 1), "bound by 1 / (t + 1)", "proved"),
    }
    if rate == 1:
        found["slowest"] = variable("steps", layered_limit() / t, "limit of the slowest layers")
    return xarray.Dataset(
        found,
        {
            "system": coordinate("system", list(problems), "system of equations", None),
            "steps": coordinate("steps", t, "steps"),
            "learning_rate": coordinate((), rate, "learning rate"),
            "constant": coordinate((), constant, "constant of 1 / (t + 1)"),
            "exponent": coordinate((), exponent, "exponent of the power"),
        },
        {"seed": str(_SEED)} if problem is None else described(as_problem(problem)),
    )


def draw_kaczmarz(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``loss``, ``guarantee``, ``power``, ``last-iterate`` and ``slowest``."""
    t, rate, exponent = data["steps"].values, float(data["learning_rate"]), float(data["exponent"])
    constant = math.ceil(1000 * float(data["constant"])) / 1000  # it stays a bound
    for place, losses in enumerate(data["loss"].transpose("system", "steps")):
        curve = {"label": str(losses["system"].values), **thick(), **look(place)}
        named("loss", *ax.plot(t, losses, **curve, zorder=4))
    greedy = rate == 1
    factor = math.ceil(1000 * float(data["power"][0]) * t[0] ** exponent) / 1000
    label = f"${factor:.3f}\\,t^{{-{'3/4' if greedy else f'{exponent:.3f}'}}}$"
    lines = {
        "guarantee": ("eigenvalue equation", thin(BLACK)),
        "power": (label, theory()),
        "last_iterate": (f"${constant:.3f}/(t+1)$", dashed(BLACK, 1)),
        **({"slowest": ("slowest layers, $0.227/t$", dotted())} if greedy else {}),
    }
    for name, (_, style) in lines.items():
        named(name.replace("_", "-"), *ax.plot(t, data[name], **style, zorder=5))
    last = t[-1]
    ax.set(xscale="log", yscale="log", xlim=(1, last), ylim=(0.02 / last, 1))
    ax.set(xlabel="steps $t$", ylabel="mean loss from the worst start")
    kind = "greedy step" if greedy else f"rate {rate:g}"
    write_title(ax, f"Randomized Kaczmarz, {kind}", "small")
    return dict(lines.values())


def _is(given: Any, usual: str | int) -> bool:
    """Whether an option that may be an array is the usual text or number."""
    return isinstance(given, type(usual)) and given == usual


def _system(problem: Problem, probabilities: Any, blocks: Any) -> Problem:
    """Return the problem of a system whose rows are samples, or one of several outputs as it is."""
    samples = problem.noise.samples
    if samples is None:
        raise InputError("problem must be one of samples, such as kaczmarz(A)")
    root, by_norms, single = (
        np.sqrt(samples.eigenvalues),
        _is(probabilities, "norms"),
        _is(blocks, 1),
    )
    if samples.outputs == 1:
        rows = np.concatenate([whitened[:, 0] * root for _, whitened in samples.pieces()])
        if by_norms:
            drawn = samples.weights > 0
            rows = (rows * np.sqrt(samples.weights)[:, None])[drawn]
        return kaczmarz(rows, probabilities=probabilities, blocks=None if single else blocks)
    if not (by_norms and single):
        raise InputError(
            f"probabilities and blocks belong to rows, samples of one output, got "
            f"{samples.outputs} outputs"
        )
    for _, whitened in samples.pieces():
        Z = whitened * root
        most = np.linalg.eigvalsh(Z @ np.swapaxes(Z, 1, 2)).max()
        if most > 1 + 1e-9:
            raise InputError(
                f"problem must have samples of curvatures up to 1, got one of {most:.6g}: give "
                "rows as samples of one output, and blocks, how many are taken together"
            )
    return problem


def _systems(steps: int) -> dict[str, Problem]:
    """Return systems of several kinds, some of them slow at about the last step."""
    rng = np.random.default_rng(_SEED)
    rows = rng.normal(size=(40, 20))
    alike = np.hstack([np.full((20, 1), 3.0), rng.normal(size=(20, 15))])
    found = {
        "Gaussian rows": kaczmarz(rows),
        "blocks of 5": kaczmarz(rows, blocks=5),
        "power law": kaczmarz(rows * np.arange(1, 21) ** -1.5),
        "rows alike": kaczmarz(alike),
    }
    for t in sorted({max(steps // 10, 40), max(steps, 40)}):
        slow = layered_system(t, 10)
        found[f"layers for {t} steps"] = kaczmarz(slow.A, probabilities=slow.probabilities)
    return found
