r"""The loss of Kaczmarz from its worst start, by steps, below the guarantee (arXiv 2604.09909)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.systems.kaczmarz import kaczmarz, worst_losses
from sgdmem.numeric.systems.kaczmarz_guarantee import guaranteed_exponent, guaranteed_losses
from sgdmem.numeric.systems.kaczmarz_worst import layered_limit, layered_system
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle, write_title
from sgdmem.phase_diagrams.systems.curves import explain, look, theory, thick, thin
from sgdmem.symbolic.errors import InputError

_MOST_STEPS = 10**5
_DOTTED = {**thin(BLACK), "linestyle": ":"}


@sized
def draw_kaczmarz(
    problem: Any = None,
    *,
    steps: int = 1000,
    learning_rate: Any = 1,
    points: int = 200,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw exact mean losses from the worst start at a distance of 1, after each step.

    Above them is what the eigenvalue equation guarantees for all systems, and its power of t: 3/4
    for the greedy step, as the paper has it. At the rate 1 the limit of the slowest layers is
    drawn too, 0.227 / t, that systems can come to at any t.

    Parameters
    ----------
    problem : Problem, optional
        One of samples, such as that of `kaczmarz`; by default several systems.
    steps : int
        The largest t.
    learning_rate : number
        1 is the greedy step, others are relaxed; from 0.01 to 1.9.
    points : int
        Of a curve, at most.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``loss``, ``guarantee``, ``power`` and, at the rate 1, ``slowest``.

    Raises
    ------
    InputError
        For an argument outside its domain, and a problem without samples.

    Examples
    --------
    >>> axes = draw_kaczmarz(steps=10)
    >>> axes.get_xlabel()
    'steps $t$'
    """
    last = whole(steps, "steps", 2, _MOST_STEPS)
    rate = positive_float(learning_rate, "learning_rate")
    exponent = guaranteed_exponent(rate)
    greedy = rate == 1
    problems = _systems(last) if problem is None else {"the system": _smooth(problem)}
    curves = {name: worst_losses(each, last, rate).losses for name, each in problems.items()}
    bound = guaranteed_losses(last, rate)
    ax = new_axes(size) if ax is None else ax
    t = np.unique(np.geomspace(1, last, whole(points, "points", 2)).round().astype(int))
    for place, (name, losses) in enumerate(curves.items()):
        named("loss", *ax.plot(t, losses[t], label=name, **thick(), **look(place), zorder=4))
    named("guarantee", *ax.plot(t, bound[t], **thin(BLACK), zorder=5))
    power = 0.75 if greedy else exponent
    most = (bound[t] * t**power).max()
    named("power", *ax.plot(t, most / t**power, **theory(), zorder=5))
    if greedy:
        named("slowest", *ax.plot(t, layered_limit() / t, **_DOTTED, zorder=5))
    ax.set(xscale="log", yscale="log", xlim=(1, last), ylim=(0.02 / last, 1))
    ax.set(xlabel="steps $t$", ylabel="mean loss from the worst start")
    kind = "greedy step" if greedy else f"rate {rate:g}"
    write_title(ax, f"Randomized Kaczmarz, {kind}", "small")
    if explained:
        label = "$t^{-3/4}$" if greedy else f"$t^{{-{exponent:.3f}}}$"
        others = {"eigenvalue equation": thin(BLACK), label: theory()}
        explain(ax, {**others, **({"slowest layers, $0.227/t$": _DOTTED} if greedy else {})})
    settle(ax)
    return ax


def _smooth(given: Any) -> Problem:
    """Return a problem; InputError if the curvature of one of its samples exceeds 1."""
    problem = as_problem(given)
    samples = problem.noise.samples
    if samples is not None:
        for _, whitened in samples.pieces():
            Z = whitened * np.sqrt(samples.eigenvalues)
            most = np.linalg.eigvalsh(Z @ np.swapaxes(Z, 1, 2)).max()
            if most > 1 + 1e-9:
                raise InputError(
                    f"problem must have samples of curvatures up to 1, got one of {most:.6g}: "
                    "kaczmarz(A) makes unit rows"
                )
    return problem


def _systems(steps: int) -> dict[str, Problem]:
    """Return systems of several kinds, some of them slow at about the last step."""
    rng = np.random.default_rng(0)
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
