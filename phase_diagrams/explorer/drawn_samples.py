r"""What the page knows of drawing samples: exact radii on a grid of each method's parameters.

The radius of the noise operator for one sample a batch, over the sum of the noise summands
:math:`s_\lambda`, changes slowly with the parameters, even near the edge of noiseless stability,
where both grow without bounds: the page interpolates its logarithm. It stands in the place of
tau1; batches of B samples multiply it by their share. Of epochs whose last batch is smaller it is
the radius for the batches that were asked for, which are then fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.noise_sums.noise_sum import noise_sums
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.sampled_noise.epoch_radius import EpochNoise, require_possible
from sgdmem.numeric.sampled_noise.mode_pairs import quick_pairs
from sgdmem.numeric.sampled_noise.mode_states import ModeStates
from sgdmem.numeric.sampled_noise.sampled_radius import are_floats, are_moderate, ritz_pair
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.explorer.methods import ExploredMethod, Slider
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.families_by_name import find_family

_USUAL = ("sgd", "heavy-ball", "nesterov")  # methods of pages of data
_POINTS = (49, 25)  # of the grid, along learning rates and along other parameters
_EPOCH_POINTS = (25, 13)  # where each takes a tenth of a second
_MOST = 2  # parameters of a method
_LEAST, _LARGEST = 4e-5, 4.0  # learning rates, over the inverse of the largest eigenvalue
_NEAR_ONE = 0.9
_ERROR = 1e-4  # relative, of a radius
_DIGITS = 6


def usual_methods(noise: BatchNoise) -> tuple[str, ...]:
    """Return the methods of a page for which none were named."""
    return _USUAL if noise.epoch is None else _USUAL[1:]


def with_rates(
    methods: Sequence[ExploredMethod], problem: Problem, ranges: Mapping[str, Any]
) -> tuple[ExploredMethod, ...]:
    """Return methods whose learning rates suit the largest eigenvalue, unless ranges are given."""
    low, high = (float(f"{x / problem.spectrum.largest:.3g}") for x in (_LEAST, _LARGEST))
    start = float(f"{(low * high) ** 0.5:.3g}")

    def suited(slider: Slider) -> Slider:
        if slider.name in ranges or not _is_rate(slider):
            return slider
        return replace(slider, low=low, high=high, log=True, value=start)

    return tuple(
        replace(method, parameters=tuple(suited(x) for x in method.parameters))
        for method in methods
    )


def drawn_samples(
    given: Sequence[Any], methods: Sequence[ExploredMethod], problem: Problem, noise: BatchNoise
) -> dict[str, Any]:
    """Return what the page holds of samples and of each method on them.

    Raises
    ------
    InputError
        For a method of more than two parameters, and for batches of several sizes.
    """
    samples = noise.samples
    assert samples is not None  # asked before
    for method in methods:
        least = 1 if noise.epoch is None else 2  # for the axes of a map, with the batch size
        if len(method.parameters) < least:
            fixed = "" if noise.epoch is None else f" in {noise.epoch}"
            raise InputError(
                f"the explorer needs {least} or more parameters on data{fixed}, and "
                f"{method.name} has {len(method.parameters)}"
            )
        if len(method.parameters) > _MOST:
            raise InputError(
                f"the explorer takes methods of up to {_MOST} parameters on data, and "
                f"{method.name} has {len(method.parameters)}: fix the others, as in "
                f"sgdmem.methods.qhm.fix(nu='0.7')"
            )
    points = _POINTS if noise.epoch is None else _EPOCH_POINTS
    sizes = [[points[not _is_rate(slider)] for slider in method.parameters] for method in methods]
    total = sum(int(np.prod(size)) for size in sizes)
    with shown_progress("radii for the page", total, total > 200) as advance:
        tables = [
            _table(_builder(one), method, size, problem.spectrum, noise, advance)
            for one, method, size in zip(given, methods, sizes, strict=True)
        ]
    return {
        "count": len(samples),
        "epoch": None if noise.epoch is None else str(noise.epoch),
        "way": samples.drawing.way,
        "shuffle": samples.drawing.shuffle,
        "replacement": samples.drawing.replacement,
        "rests": samples.has_residuals,
        "labelled": samples.residuals is not None or problem.target is not None,
        "tables": tables,
    }


def _is_rate(slider: Slider) -> bool:
    return slider.name.endswith("learning_rate")


def _builder(given: Any) -> Callable[..., Algorithm]:
    if isinstance(given, Algorithm):
        return lambda **values: given.substitute(values) if values else given
    return find_family(given)


def _table(
    build: Callable[..., Algorithm],
    method: ExploredMethod,
    size: Sequence[int],
    spectrum: Spectrum,
    noise: BatchNoise,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    sliders = method.parameters
    axes = [_values(slider, count) for slider, count in zip(sliders, size, strict=True)]
    logs = []
    for point in np.ndindex(*size):
        values = {
            slider.name: float(axis[place])
            for slider, axis, place in zip(sliders, axes, point, strict=True)
        }
        logs.append(_log_ratio(build, values, spectrum, noise))
        advance(1)
    described = [
        {"low": x.low, "high": x.high, "log": x.log, "count": count, "to_one": _is_to_one(x)}
        for x, count in zip(sliders, size, strict=True)
    ]
    return {"axes": described, "logs": logs}


def _values(slider: Slider, count: int) -> Array:
    if _is_to_one(slider):
        return np.asarray(1 - np.geomspace(1 - slider.low, 1 - slider.high, count))
    if slider.log:
        return np.geomspace(slider.low, slider.high, count)
    return np.linspace(slider.low, slider.high, count)


def _is_to_one(slider: Slider) -> bool:
    """Whether what counts is the distance from 1, as of a momentum."""
    return not slider.log and slider.low < _NEAR_ONE <= slider.high < 1


def _log_ratio(
    build: Callable[..., Algorithm],
    values: Mapping[str, float],
    spectrum: Spectrum,
    noise: BatchNoise,
) -> float | None:
    """Return the logarithm of the radius over the sum of s; None where a mode is not Schur."""
    try:
        form = ball_form([build(**values)])
    except InputError:
        return None
    sums = noise_sums(form, spectrum, Ball(0.0))
    if sums.schur[0] != 1:
        return None
    radius = _radius(form, spectrum.eigenvalues, noise)
    total = float(sums.noise.mid[0])
    return round(float(np.log(radius / total)), _DIGITS) if radius > 0 else None


def _radius(form: HalfPlaneForm, eigenvalues: Array, noise: BatchNoise) -> float:
    """Return the radius for one sample a batch, or for the batches of an epoch; 0 if not known."""
    samples = noise.samples
    assert samples is not None
    products = quick_pairs(form, eigenvalues)
    if not are_floats(products):
        return 0.0
    pair = ritz_pair(samples.images, products, lambda pair: pair.error <= _ERROR)
    if noise.epoch is None:
        return pair.value
    shares = noise.shares_in_order
    require_possible(samples, shares.size, len(form.fixed))
    if not are_moderate(products):
        return 0.0
    states = ModeStates.of(form, eigenvalues, np.diag(products))
    operator = EpochNoise.of(samples.covariance, states, products, shares)
    if not np.isfinite(operator.responses).all():
        return 0.0
    return operator.leading(shares[:, None, None] * pair.matrix / products, _ERROR)[0]
