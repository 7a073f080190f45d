"""What a map can show beside the verdict: each quantity at all points of a map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.known_noise import is_simple
from sgdmem.numeric.compiled_maps.points import Points
from sgdmem.numeric.judges.noiseless import noiseless_floats
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import REASONS, decide
from sgdmem.phase_diagrams.maps.judged_map import JudgedMap
from sgdmem.phase_diagrams.maps.loss_quantities import REGIMES, loss_exponent, loss_floor, regime
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndefinedError, shown

NOT_YET = -128  # of flags: what a store has where a chunk is missing
_NEARLY = 1e-13  # relative error of a rate that floats are trusted with


def _bounds(judged: JudgedMap) -> Array:
    assert judged.outcome.bounds is not None
    return judged.outcome.bounds


def _noiseless(judged: JudgedMap) -> Array:
    """Return 1 where it is stable without noise, 0 where not, -1 where that is undecided."""
    outcome = judged.outcome
    if outcome.summed is not None:  # a summed one is 1, and stays one; new memory takes longer
        found = np.maximum(outcome.stable, outcome.summed, out=outcome.summed)
    else:
        found = np.where(outcome.is_summed, np.int8(1), outcome.stable)
    diverges = judged.judge.problem.spectrum.diverges
    if diverges or not judged.damps_all_modes:
        noisy = ~outcome.is_summed & (~judged.damps_modes | diverges)
        if noisy.any():  # other causes than the roots make the sum infinite
            found = np.where(noisy, judged.judge.noiseless(judged.points).stable, found)
    return found


def _reason(judged: JudgedMap) -> Array:
    """Return places in `REASONS`: by the rule where the outcome tells what it asks for."""
    stable, summed = judged.outcome.stable, judged.outcome.is_summed
    edge = judged.outcome.on_boundary
    bad = (stable == 0) & ~edge & judged.of_noise(is_simple)
    beyond = bad & ~summed & (not judged.judge.problem.spectrum.diverges)
    schur, damped, open_ = np.where(beyond, -1, 1), np.ones(stable.size), np.zeros_like(beyond)
    fed = beyond & ~judged.damps_modes  # by its roots, or by the noise of a single mode
    if fed.any():
        quiet = judged.judge.noiseless(judged.points)
        schur[fed & (quiet.stable == 1)] = 1
        damped[fed & (quiet.stable == 1)] = -1
        open_ = fed & ((quiet.stable == -1) | quiet.on_boundary)
    codes = decide(
        pull=_pull(judged, np.flatnonzero(schur == -1)),
        schur=schur,
        trace=0,
        noise=1,
        damped=damped,
        low=np.where(stable == 1, 0.0, 1.0),
        high=np.where(stable == 1, 0.0, np.inf),
    )
    codes[edge] = REASONS.index(Reason.BOUNDARY)
    known = (stable == 1) | (bad & summed) | (beyond & ~open_) | edge
    for place in np.flatnonzero(~known).tolist():
        codes[place] = REASONS.index(judged.verdict(place).reason_of_model)
    return codes


def _pull(judged: JudgedMap, places: Array) -> Array:
    """Return 0 at those places where no gradient has a lasting effect, and 1 elsewhere."""
    pull = np.ones(len(judged.points))
    known = judged.judge.forms(judged.points) if places.size else None
    if known is not None:
        form, excepted = known
        sure = (np.abs(form.pull.mid) > form.pull.rad) & ~excepted
        places = places[~sure[places]]
    pull[places] = judged.of_algorithms(
        lambda x: float(sum(x.polynomials.Q) != 0 or x.shrink != 0), places
    )
    return pull


def _effective_learning_rate(judged: JudgedMap) -> Array:
    def value(algorithm: Algorithm) -> float:
        try:
            return to_float(algorithm.effective_learning_rate)
        except UndefinedError:
            return math.nan

    return _by_forms(judged, lambda form: form.effective_learning_rate, value)


def _by_forms(
    judged: JudgedMap, formula: Callable[[HalfPlaneForm], Ball], exact: Callable[[Algorithm], float]
) -> Array:
    """Return a formula at all points where error bounds are small, elsewhere the exact value."""
    values = np.full(len(judged.points), math.nan)
    known = judged.judge.forms(judged.points)
    if known is not None:
        form, excepted = known
        ball = formula(form)
        accurate = np.isfinite(ball.mid) & (ball.rad <= _NEARLY * np.abs(ball.mid))
        values = np.where(accurate & ~excepted, ball.mid, math.nan)
    left = np.flatnonzero(np.isnan(values))
    values[left] = judged.of_algorithms(exact, left)
    return values


def _critical_eigenvalue(judged: JudgedMap) -> Array:
    decay = judged.judge.problem.weight_decay

    def value(algorithm: Algorithm) -> float:
        intervals = noiseless_floats(algorithm, decay)
        return intervals[0][1] if intervals and intervals[0][0] == 0 else 0.0

    return _by_forms(judged, _first_sign_change, value)


def _first_sign_change(form: HalfPlaneForm) -> Ball:
    """Return where the first coefficient of a quadratic form changes its sign.

    A polynomial of degree one or two has its roots in the left half plane exactly when its
    coefficients have one sign. NaN for larger memories, and where it is not stable at 0.
    """
    size = form.pull.mid.size
    mid, rad = np.full(size, math.inf), np.zeros(size)
    pairs = list(zip(form.fixed, form.moving, strict=True))
    for fixed, moving in pairs:
        end = fixed / moving
        first = (moving.lower > 0) & (end.mid < mid)
        mid, rad = np.where(first, end.mid, mid), np.where(first, end.rad, rad)
    sure = (form.pull.lower > 0) & np.isfinite(mid) & (len(pairs) <= 2)
    for fixed, moving in pairs:  # the others must keep their signs until then
        at_end = fixed - Ball(np.where(sure, mid, 0.0), rad) * moving
        sure &= (fixed.lower > 0) & (at_end.upper > 0)
        sure &= (at_end.lower > 0) | (moving.lower > 0)
    return Ball(np.where(sure, mid, math.nan), rad)


def _critical_batch_size(judged: JudgedMap) -> Array:
    noise, points = judged.judge.problem.noise, judged.points
    by_sum = noise.coupling is not None and noise.tau2 == 0 and "tau2" not in points.axes
    if noise.mixes and not by_sum and not {"tau1", "tau2"} <= {*points.axes}:
        return np.array([judged.verdict(k).critical_batch_size for k in judged.places.tolist()])
    axes = {name: values for name, values in points.axes.items() if name != "batch_size"}
    places = np.zeros(len(points), dtype=int)
    for name, values in axes.items():
        places = places * len(values) + points.indices(name)
    return _of_one_sample(judged, Points(axes, points.own))[places]


def _of_one_sample(judged: JudgedMap, points: Points) -> Array:
    """Return critical batch sizes at points of which no axis is the batch size."""
    judge = replace(judged.judge, batch_size=1)
    if judge.problem.noise.tau2 == 0 and "tau2" not in points.axes:
        found = judge.judge(points).noise_sum  # it is the noise sum of batches of one
    else:
        stable = judge.noiseless(points).stable
        found = np.where(stable == 0, math.inf, math.nan)
        places = np.flatnonzero(stable == 1)
        found[places] = judge.critical_batch_sizes(points, places)
    for place in np.flatnonzero(np.isnan(found)).tolist():
        found[place] = judge.verdict(points, place).critical_batch_size
    return found


@dataclass(frozen=True)
class Quantity:
    """Something that a map can show.

    Attributes
    ----------
    long_name : str
    values : callable
        Finds it at all points of a judged map; of shape (targets, points) if it is ``of_target``.
    units : str
    flags : mapping
        What the values stand for, where they are no numbers.
    is_of_target : bool
        Whether it depends on the target.
    """

    long_name: str
    values: Callable[[JudgedMap], Array]
    units: str = "1"
    flags: Mapping[int, str] = field(default_factory=dict)
    is_of_target: bool = False

    @property
    def attributes(self) -> dict[str, Any]:
        """What is written into a dataset beside the values."""
        about: dict[str, Any] = {"long_name": self.long_name, "units": self.units}
        if self.flags:
            about["flag_values"] = list(self.flags)
            about["flag_meanings"] = " ".join(x.replace(" ", "_") for x in self.flags.values())
        return about

    @property
    def dtype(self) -> Any:
        """Of the values."""
        return np.dtype(np.int8 if self.flags else float)

    @property
    def fill_value(self) -> Any:
        """What a store has where a chunk is missing."""
        return NOT_YET if self.flags else np.nan


_ANSWERS = {NOT_YET: "not_computed", -1: "undecided", 0: "unstable", 1: "stable"}
VERDICTS: Mapping[str, Quantity] = {  # what every diagram has
    "stable": Quantity(
        "whether the mean loss tends to zero", lambda judged: judged.outcome.stable, flags=_ANSWERS
    ),
    "noiseless": Quantity("whether it is stable without noise", _noiseless, flags=_ANSWERS),
}
SUMS: Mapping[str, Quantity] = {  # what it has unless only verdicts are asked for
    "noise_sum": Quantity(
        "noise sum U'_Sigma, stable below 1", lambda judged: judged.outcome.noise_sum
    ),
    "margin": Quantity(
        "min(1 - U'_Sigma, min_k 1 + (tau2/B) s_k)", lambda judged: judged.outcome.margin
    ),
}
# what those on samples have beside it: their bounds only decide, and NaN is what they leave open
BOUNDS: Mapping[str, Quantity] = {
    "noise_sum_low": Quantity(
        "proved lower bound of the noise radius", lambda judged: _bounds(judged)[0]
    ),
    "noise_sum_high": Quantity(
        "proved upper bound of the noise radius", lambda judged: _bounds(judged)[1]
    ),
    "noise_sum_estimate": Quantity(
        "noise radius, estimated between its proved bounds", lambda judged: _bounds(judged)[2]
    ),
}
QUANTITIES: Mapping[str, Quantity] = {
    "reason": Quantity(
        "why it is stable or not",
        _reason,
        flags=dict(enumerate(reason.value for reason in REASONS)),
    ),
    "effective_learning_rate": Quantity(
        "effective learning rate", _effective_learning_rate, "1/eigenvalue"
    ),
    "critical_eigenvalue": Quantity(
        "eigenvalue at which noiseless stability ends", _critical_eigenvalue, "eigenvalue"
    ),
    "critical_batch_size": Quantity("critical batch size", _critical_batch_size, "samples"),
    "loss_floor": Quantity("how far above the least loss it comes to rest", loss_floor),
    "regime": Quantity(
        "regime of the loss", regime, flags=dict(enumerate(REGIMES)), is_of_target=True
    ),
    "loss_exponent": Quantity("exponent p of the loss t^-p", loss_exponent, is_of_target=True),
}


def find_quantities(names: Any) -> dict[str, Quantity]:
    """Return quantities by their names.

    Raises
    ------
    InputError
        If there is none of a name.
    """
    names = (names,) if isinstance(names, str) or not is_list(names) else names
    for name in names:
        if not isinstance(name, str) or name not in QUANTITIES:
            raise InputError(f"quantities must be among {', '.join(QUANTITIES)}, got {shown(name)}")
    return {name: QUANTITIES[name] for name in names}
