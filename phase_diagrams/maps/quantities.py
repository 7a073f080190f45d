"""What a map can show beside the verdict: each quantity at all points of a map."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge, is_simple
from sgdmem.numeric.compiled_maps.points import Outcomes, Points
from sgdmem.numeric.judges.noiseless import noiseless_floats
from sgdmem.numeric.judges.stability_rule import REASONS, decide
from sgdmem.numeric.losses.loss_series import Regime, loss_regime
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import require_no_weight_decay
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndefinedError, shown

NOT_YET = -128  # of flags: what a store has where a chunk is missing
_NEARLY = 1e-13  # relative error of a rate that floats are trusted with
REGIMES: Sequence[str] = get_args(Regime)


@dataclass(frozen=True)
class Map:
    """Points that have been judged, and what was asked.

    Attributes
    ----------
    judge : FamilyJudge
        Which has judged them.
    points : Points
    outcome : Outcomes
    targets : sequence
        Of those quantities that depend on a target: one for each value of its axis, or a single
        one, which may be None.
    """

    judge: FamilyJudge
    points: Points
    outcome: Outcomes
    targets: Sequence[Any] = (None,)

    @cached_property
    def damps_modes(self) -> Array:
        """Where no single mode's noise can feed on itself, tau2 not being negative."""
        return self.of_noise(lambda noise: is_simple(noise) and noise.tau2 >= 0)  # type: ignore[operator]

    def of_noise(self, function: Callable[[BatchNoise], bool]) -> Array:
        """Return a function of the noise at all points."""
        noises = self.judge.noises(self.points)
        values = np.array([function(noises[key]) for key in self.points.noise_keys()])
        return values[self.points.noise_indices]

    def verdict(self, place: int) -> Verdict:
        """Return the verdict at a point."""
        return self.judge.verdict(self.points, place)

    def of_algorithms(self, function: Callable[[Algorithm], float], places: Array) -> Array:
        """Return a function of the algorithm at some points, called once for each algorithm."""
        known: dict[tuple[Any, ...], float] = {}
        values = np.empty(len(places))
        for number, place in enumerate(places.tolist()):
            point = self.points.at(place)
            own = {name: point[name] for name in self.points.own}
            key = tuple(own.values())
            if key not in known:
                known[key] = function(self.judge.build(**own))
            values[number] = known[key]
        return values

    def of_laws(
        self, function: Callable[[PowerLaw, Sequence[Any], bool], Array], dtype: Any
    ) -> Array:
        """Return a function of power law, targets and whether there is noise, at all points.

        Raises
        ------
        InputError
            If there are no targets, or no infinite power law.
        """
        problem = self.judge.problem
        require_no_weight_decay(problem, "regimes and exponents of the loss")
        law = problem.spectrum.law
        if any(not isinstance(target, PowerLawTarget) for target in self.targets):
            raise InputError(
                "target must be a PowerLawTarget for regimes and exponents of the loss, as of "
                f"Problem.power_law(nu, zeta); got {shown(self.targets[0])}"
            )
        if law is None or law.count is not None or problem.noise.mixes:
            raise InputError(
                "regimes and exponents of the loss are those of infinite power laws without "
                f"coupling, got {problem}"
            )
        if problem.noise.label_variance:
            raise InputError(
                "regimes and exponents of the loss are those without noise of the labels, under "
                "which it comes to rest: ask for loss_floor, or give no label_variance"
            )
        noisy = self.of_noise(lambda noise: noise.spreads)
        with_noise, without = (function(law, self.targets, x)[:, None] for x in (True, False))
        return np.where(noisy, with_noise, without).astype(dtype)

    @property
    def places(self) -> Array:
        """The numbers of all points."""
        return np.arange(len(self.points))


def _bounds(judged: Map) -> Array:
    assert judged.outcome.bounds is not None
    return judged.outcome.bounds


def _noiseless(judged: Map) -> Array:
    """Return 1 where it is stable without noise, 0 where not, -1 where that is undecided."""
    infinite = np.isinf(judged.outcome.noise_sum)
    found = np.where(infinite, judged.outcome.stable, 1)
    noisy = infinite & (~judged.damps_modes | judged.judge.problem.spectrum.diverges)
    if noisy.any():  # other causes than the roots make the sum infinite
        found = np.where(noisy, judged.judge.noiseless(judged.points), found)
    return found.astype(np.int8)


def _reason(judged: Map) -> Array:
    """Return places in `REASONS`: by the rule where the outcome tells what it asks for."""
    stable, sums = judged.outcome.stable, judged.outcome.noise_sum
    bad = (stable == 0) & judged.damps_modes  # by its roots if the sum is infinite
    beyond = bad & np.isinf(sums) & (not judged.judge.problem.spectrum.diverges)
    pull = np.ones(len(judged.points))
    places = np.flatnonzero(beyond)
    pull[places] = judged.of_algorithms(
        lambda x: float(sum(x.polynomials.Q) != 0 or x.shrink != 0), places
    )
    codes = decide(
        pull=pull,
        schur=np.where(beyond, -1, 1),
        trace=0,
        noise=1,
        damped=1,
        low=np.where(stable == 1, 0.0, 1.0),
        high=np.where(stable == 1, 0.0, np.inf),
    )
    known = (stable == 1) | (bad & np.isfinite(sums)) | beyond
    for place in np.flatnonzero(~known).tolist():
        codes[place] = REASONS.index(judged.verdict(place).reason_of_model)
    return codes


def _effective_learning_rate(judged: Map) -> Array:
    def value(algorithm: Algorithm) -> float:
        try:
            return to_float(algorithm.effective_learning_rate)
        except UndefinedError:
            return math.nan

    return _by_forms(judged, lambda form: form.effective_learning_rate, value)


def _by_forms(
    judged: Map, formula: Callable[[HalfPlaneForm], Ball], exact: Callable[[Algorithm], float]
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


def _critical_eigenvalue(judged: Map) -> Array:
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


def _critical_batch_size(judged: Map) -> Array:
    points = judged.points
    if not _is_never_damped(judged) or "batch_size" in points.axes:
        return np.array([judged.verdict(k).critical_batch_size for k in judged.places.tolist()])
    # without tau2 it is the noise sum of batches of one
    return replace(judged.judge, batch_size=1).judge(points).noise_sum


def _loss_floor(judged: Map) -> Array:
    """Return where the mean loss comes to rest, inf where stability is not proved."""
    stable = judged.outcome.stable == 1
    found = np.where(stable, 0.0, math.inf)
    heard, samples = judged.of_noise(lambda noise: noise.stirs), judged.judge.problem.samples
    if samples is not None and samples.residuals is not None:  # of what shrinks also if they fit
        heard |= judged.of_algorithms(lambda x: float(x.shrink != 0), judged.places) > 0
    for place in np.flatnonzero(stable & heard).tolist():
        found[place] = judged.verdict(place).loss_floor
    return found


def _regime(judged: Map) -> Array:
    """Return places in `REGIMES` for each target and point."""
    return judged.of_laws(_regimes, np.int8)


def _regimes(law: PowerLaw, targets: Sequence[Any], is_noisy: bool) -> Array:
    """Return places in `REGIMES`: along rising exponents signal, border and noise follow."""
    if not is_noisy:
        return np.full(len(targets), REGIMES.index("signal-dominated"))
    zeta = [target.exponent for target in targets]
    rising = sorted(zeta)

    def first(*past: str) -> float:
        place = bisect_left(rising, True, key=lambda x: loss_regime(law.exponent, x) in past)
        return rising[place] if place < len(rising) else math.inf

    if law.exponent <= 1:
        return np.full(len(targets), REGIMES.index(loss_regime(law.exponent, zeta[0])))
    border, noise = first("border", "noise-dominated"), first("noise-dominated")
    places = [REGIMES.index(name) for name in ("signal-dominated", "border", "noise-dominated")]
    return np.array([places[(x >= border) + (x >= noise)] for x in zeta])


def _loss_exponent(judged: Map) -> Array:
    exponents = judged.of_laws(_exponents, float)
    return np.where(judged.outcome.stable == 1, exponents, math.nan)


def _exponents(law: PowerLaw, targets: Sequence[Any], is_noisy: bool) -> Array:
    signal = np.array([target.exponent for target in targets])
    return np.minimum(signal, 2 - 1 / law.exponent) if is_noisy else signal


def _is_never_damped(judged: Map) -> bool:
    noise = judged.judge.problem.noise
    return not noise.mixes and noise.tau2 == 0 and "tau2" not in judged.points.axes


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
    values: Callable[[Map], Array]
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


_ANSWERS = {NOT_YET: "not_computed", -1: "undecided", 0: "unstable", 1: "stable"}
VERDICT: Mapping[str, Quantity] = {  # what every diagram has
    "stable": Quantity(
        "whether the mean loss tends to zero", lambda judged: judged.outcome.stable, flags=_ANSWERS
    ),
    "noiseless": Quantity("whether it is stable without noise", _noiseless, flags=_ANSWERS),
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
    "loss_floor": Quantity("how far above the least loss it comes to rest", _loss_floor),
    "regime": Quantity(
        "regime of the loss", _regime, flags=dict(enumerate(REGIMES)), is_of_target=True
    ),
    "loss_exponent": Quantity("exponent p of the loss t^-p", _loss_exponent, is_of_target=True),
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
