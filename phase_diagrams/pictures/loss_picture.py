"""The picture of mean losses, with the power laws that theory predicts."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.losses.asymptotics import loss_asymptotics
from sgdmem.numeric.losses.long_run import loss_curve
from sgdmem.numeric.losses.loss_bound import loss_bound
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.losses.loss_series import loss_regime
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.schedules.schedule import Schedule, read_schedule
from sgdmem.numeric.simulation.monte_carlo import Simulation
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import question_label
from sgdmem.phase_diagrams.pictures.palette import BLACK, CURVES, GREY, LIGHT_GREY, MARKS
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.symbolic.errors import InputError, shown

_RISE = 3.0  # how far above the largest start the picture ends
_LARGEST = sys.float_info.max
_FIRST_SHOWN = 0.01  # of the steps, where a predicted power law begins
_POINTS = 2000  # of a curve
_APART = 0.25  # from one mark to the next, as a share of the picture
_MOST_EXACT = 2000  # steps on samples
_ROOM = 100.0  # how far below the least loss the picture ends, where that shows what is possible


@dataclass(frozen=True)
class PredictedLaw:
    """A power law that a mean loss tends to, ``constant * t**-exponent``, above a floor.

    Attributes
    ----------
    exponent : float
    constant : float or None
        None where theory knows the exponent only.
    floor : float
        Where noise of the labels lets the loss come to rest.
    """

    exponent: float
    constant: float | None
    floor: float = 0.0


@sized
def draw_losses(
    rules: Mapping[str, Any],
    problem: Any,
    batch_size: Any,
    steps: int,
    *,
    ax: Any = None,
    simulations: Mapping[str, Simulation] | None = None,
    exponents: Mapping[str, Any] | None = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw exact mean losses, and dashed the power laws that theory predicts for them.

    On a power law with a `PowerLawTarget` a stationary algorithm has exponent and constant
    of Theorems 3 and 8 of arXiv 2410.04228 (`sgdmem.loss_asymptotics`, on the law without an end),
    a schedule of `accelerated` has the exponent of its ``acceleration``, and the line goes
    through the exact loss in the middle of the last decade. Nothing is predicted where the loss
    does not certainly tend to zero, for a schedule where it ends above its start. On data more than
    2000 steps of one algorithm are estimated from some hundred exact ones (`loss_curve`), as the
    legend says. Where no linear method can be, whatever its memory and schedule (`loss_bound`), the
    picture is grey.

    Parameters
    ----------
    rules : dict from str to Algorithm, Schedule or list of Algorithm
        What is compared, by the names in the legend.
    problem, batch_size, steps
        See `sgdmem.losses`.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    simulations : dict from str to Simulation, optional
        Simulated runs of some of the rules, drawn as means with their standard errors.
    exponents : dict from str to number or None, optional
        Predictions for some of the rules in place of those above; None: no prediction.
    explained : bool
        Whether a legend is added.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.

    Returns
    -------
    matplotlib axes
        With the `artists` ``loss``, ``prediction`` and ``simulation``, whose labels begin with the
        names of their rules, and ``bound``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> import sgdmem
    >>> from sgdmem.numeric.acceleration.accelerated import accelerated
    >>> problem = sgdmem.Problem.power_law(2, zeta="0.5")
    >>> rules = {"SGD": sgdmem.sgd("0.5"), "AM1": accelerated(problem, 16)}
    >>> axes = draw_losses(rules, problem, 16, 1000)
    >>> [line.get_label() for line in axes.lines if line.get_label()[0] != "_"]
    ['SGD, $t^{-0.5}$', 'AM1, $t^{-0.738}$']
    """
    chosen = _read_rules(rules)
    steps = whole(steps, "steps", 2)
    simulations = _of_rules(simulations, chosen, "simulations")
    exponents = _of_rules(exponents, chosen, "exponents")
    for name, runs in simulations.items():
        if not isinstance(runs, Simulation):
            raise InputError(f"simulations[{name!r}] must be a Simulation, got {shown(runs)}")
    given = as_problem(problem)
    curves, first_estimated = {}, {}
    for name, rule in chosen.items():
        curves[name], first_estimated[name] = _losses(rule, given, batch_size, steps)
    ax = new_axes(size) if ax is None else ax
    ax.set(xscale="log", yscale="log", xlabel="step $t$", ylabel="mean loss $L_t$")
    top = min(_RISE * float(max(curve[0] for curve in curves.values())), _LARGEST)
    for place, (name, curve) in enumerate(curves.items()):
        look = _look(place, len(curves))
        if name in exponents:
            law = _given_law(exponents[name], f"exponents[{name!r}]")
        else:
            law = predicted_law(chosen[name], given, batch_size)
            if law is not None and law.constant is None and not curve[-1] < curve[0]:
                law = None  # a schedule made for less noise
        _draw_curve(ax, name, curve, top, look, law, first_estimated[name])
        if law is not None:
            _draw_law(ax, name, law, curve)
        if name in simulations:
            _draw_runs(ax, name, simulations[name], top, look)
    seen = np.concatenate([curve[(curve > 0) & (curve < top)] for curve in curves.values()])
    bottom = seen.min() / 2
    bound = _bound(given, batch_size, steps)
    if bound is not None and 0 < bound[1] < top:
        bottom = max(min(bottom, bound[-1] / 2), seen.min() / _ROOM)
        _draw_bound(ax, bound, bottom)
    ax.set(xlim=(1, steps), ylim=(bottom, top))
    write_title(ax, _title(given, batch_size), "small")
    if explained:
        _explain(ax, bool(simulations))
    settle(ax)
    return ax


def predicted_law(rule: Any, problem: Problem, batch_size: Any = math.inf) -> PredictedLaw | None:
    """Return the power law that theory predicts for a loss; None where it predicts nothing.

    Parameters
    ----------
    rule, problem, batch_size
        See `sgdmem.losses`.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> problem = Problem.power_law(2, zeta="0.5", count=10**6)
    >>> predicted_law(heavy_ball("0.1", "0.9"), problem, 16).exponent
    0.5
    >>> predicted_law(heavy_ball("4", "0.9"), problem, 16)
    """
    chosen = read_schedule(rule)
    law, target = problem.spectrum.law, problem.target
    if law is None or not isinstance(target, PowerLawTarget) or problem.weight_decay:
        return None
    if not law.exponent > 1 or problem.noise.by_mode:  # which has as many modes as are listed
        return None
    endless = replace(problem, spectrum=Spectrum.power_law(law.exponent, law.scale))
    if chosen.stationary is not None:
        try:
            found = loss_asymptotics(chosen.stationary, endless, batch_size)
        except InputError:  # not certainly stable, or beyond the range of power laws
            return None
        return PredictedLaw(found.exponent, found.constant, found.floor)
    if chosen.acceleration is None or problem.noise.at(batch_size).stirs:
        return None
    steepness = min(target.exponent, 2 - 1 / law.exponent)
    return PredictedLaw(chosen.acceleration * steepness, None)


def _read_rules(rules: Any) -> dict[str, Schedule]:
    if not isinstance(rules, Mapping) or not rules:
        raise InputError(
            f"rules must be a dictionary from names to algorithms or schedules, got {shown(rules)}"
        )
    return {str(name): read_schedule(rule) for name, rule in rules.items()}


def _of_rules(given: Any, rules: Mapping[str, Any], argument: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(
            f"{argument} must be a dictionary by the names of rules, got {shown(given)}"
        )
    for name in given:
        if name not in rules:
            raise InputError(
                f"{argument} must be of the rules {', '.join(rules)}, got one of {name!r}"
            )
    return given


def _given_law(exponent: Any, name: str) -> PredictedLaw | None:
    return None if exponent is None else PredictedLaw(positive_float(exponent, name), None)


def _losses(
    rule: Schedule, problem: Problem, batch_size: Any, steps: int
) -> tuple[Array, int | None]:
    """Return losses, and the first step that is estimated: many steps on samples take long."""
    noise = problem.noise.at(batch_size)
    drawn = noise.samples is not None and not noise.is_quiet
    if drawn and rule.stationary is not None and steps > _MOST_EXACT:
        curve = loss_curve(rule.stationary, problem, batch_size)
        if curve.exact_steps < steps:
            return curve.loss(np.arange(steps + 1)), curve.exact_steps + 1
        return curve.exact[: steps + 1], None
    return losses(rule, problem, batch_size, steps), None


def _look(place: int, count: int) -> dict[str, Any]:
    """Return how a curve looks; some marks tell several apart in black and white."""
    look = {"color": CURVES[place % len(CURVES)], "linewidth": in_points(2.2)}
    if count > 1:
        first = (0.5 + place) / count * _APART  # not above those of the others
        look |= {"marker": MARKS[place % len(MARKS)], "markevery": (first, _APART)}
        look |= {"markersize": in_points(6), "mec": "white", "mew": in_points(0.8)}
    return look


def _draw_curve(
    ax: Any,
    name: str,
    curve: Array,
    top: float,
    look: dict[str, Any],
    law: PredictedLaw | None,
    first_estimated: int | None,
) -> None:
    t = np.unique(np.geomspace(1, curve.size - 1, _POINTS).round().astype(int))
    # beyond the picture a number may be too large for its scale
    t = t[(curve[t] > 0) & (curve[t] / top < top + 10)]
    label = name if law is None else f"{name}, $t^{{-{law.exponent:.3g}}}$"
    if first_estimated is not None:
        label += f", estimated from step {first_estimated:,}"
    if not (curve[t] < top).any():
        label = f"{name}: {'zero' if curve[-1] == 0 else 'above the picture'}"
    (line,) = ax.plot(t, curve[t], label=label, **look)
    named("loss", line)


def _bound(problem: Problem, batch_size: Any, steps: int) -> Array | None:
    try:
        return loss_bound(problem, batch_size, steps)
    except InputError:  # nothing is proved of its noise
        return None


def _draw_bound(ax: Any, bound: Array, bottom: float) -> None:
    """Shade where no linear method can be, as far as the picture goes."""
    t = np.unique(np.geomspace(1, bound.size - 1, _POINTS).round().astype(int))
    seen = bound[t] > bottom
    last = int(np.argmin(seen)) if not seen.all() else t.size - 1
    t, height = t[: last + 1], np.maximum(bound[t[: last + 1]], bottom)
    ax.fill_between(t, bottom, height, color=LIGHT_GREY, alpha=0.5, linewidth=0, zorder=1)
    style = {"color": GREY, "linewidth": in_points(1), "label": "_bound"}
    named("bound", *ax.plot(t, height, **style))


def _draw_law(ax: Any, name: str, law: PredictedLaw, curve: Array) -> None:
    last = curve.size - 1
    constant = law.constant
    if constant is None:
        middle = max(1, round(last / math.sqrt(10)))
        if not 0 < curve[middle] < math.inf:
            return
        constant = float(curve[middle]) * float(middle) ** law.exponent
    t = np.geomspace(max(1.0, _FIRST_SHOWN * last), last, 50)
    style = {"zorder": 4, "label": f"_{name}, predicted", **dashed()}
    named("prediction", *ax.plot(t, constant * t**-law.exponent + law.floor, **style))


def _draw_runs(ax: Any, name: str, runs: Simulation, top: float, look: dict[str, Any]) -> None:
    mean, error = runs.mean, runs.standard_error
    seen = (runs.steps > 0) & (mean > 0) & (mean < top)
    # on a logarithmic scale a bar that reaches 0 has no end
    below = np.minimum(np.where(np.isfinite(error), error, 0), 0.9 * mean)
    above = np.where(np.isfinite(error), error, 0)
    drawn = ax.errorbar(
        runs.steps[seen],
        mean[seen],
        yerr=(below[seen], above[seen]),
        fmt=look.get("marker", "o"),
        color=look["color"],
        markersize=in_points(4),
        markerfacecolor="white",
        elinewidth=in_points(1),
        capsize=in_points(2),
        zorder=5,
        label=f"_{name}, simulated",
    )
    named("simulation", drawn.lines[0])


def _explain(ax: Any, simulated: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles, _ = ax.get_legend_handles_labels()
    if any(line.get_gid() and line.get_gid().startswith("prediction") for line in ax.lines):
        handles.append(Line2D([], [], label="predicted power law", **dashed()))
    if simulated:
        style: dict[str, Any] = {"marker": "o", "linestyle": "none", "mfc": "white", "color": BLACK}
        handles.append(Line2D([], [], markersize=in_points(4), label="simulated mean", **style))
    if any(line.get_gid() and line.get_gid().startswith("bound") for line in ax.lines):
        style = {"facecolor": LIGHT_GREY, "alpha": 0.5, "edgecolor": GREY}
        handles.append(Patch(label="no linear method", **style))
    write_legend(ax, handles)


def _title(problem: Problem, batch_size: Any) -> str:
    noise, law, target = problem.noise.at(batch_size), problem.spectrum.law, problem.target
    label = question_label(problem.spectrum, noise)
    if not isinstance(target, PowerLawTarget) or law is None:
        return label
    what = rf"$\zeta$ = {target.exponent:g}"
    if noise.inverse_batch and not problem.weight_decay:
        what += f", {loss_regime(law.exponent, target.exponent)}"
    return f"{label}\n{what}"
