r"""The noise summand :math:`s_\lambda` as a dataset: by eigenvalue, with its share and poles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.mode_summands import form_under, mode_summands, rational_algorithm
from sgdmem.numeric.noise_sums.noise_sum import noise_sums
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.dataset_description import made_by
from sgdmem.phase_diagrams.maps.varying_problem import described
from sgdmem.phase_diagrams.pictures.labels import algorithm_label, question_label
from sgdmem.phase_diagrams.pictures.summand_ranges import memory_one_ranges, ranges_within
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray

_DEEPEST = 1e-12  # eigenvalue over the largest one, of a picture
_SHARE_LEFT = 0.01  # of the noise sum, in eigenvalues of an infinite law that are too small to show
_FARTHEST = 300.0  # a critical eigenvalue further above the largest one is not shown
_TICKS = 200  # eigenvalues that are shown one by one
_MOST_REACH = 700.0  # logarithm of a rank, which is a float
_SIZES, _JUMPS = 60, 25  # of the parts of a law whose share is computed; eigenvalues one by one


def noise_summand_data(
    algorithm: Algorithm, problem: Any, batch_size: Any = math.inf
) -> xarray.Dataset:
    r"""Compute the noise summand by eigenvalue, and the share of the noise sum that is made by it.

    Parameters
    ----------
    algorithm, problem, batch_size
        See `draw_noise_summand`.

    Returns
    -------
    xarray.Dataset
        ``summand`` and, if it differs, ``damped_summand`` over ``eigenvalue``; ``share`` with
        ``share_eigenvalue`` over ``share_point``, a polyline of jumps, if the noise sum is finite;
        ``critical_eigenvalue``; the ``largest_eigenvalues``; and over ``range`` ``range_end`` and
        ``range_summand`` with their formulas.

    Raises
    ------
    InputError
        As `draw_noise_summand`.

    Examples
    --------
    >>> import sgdmem
    >>> data = noise_summand_data(sgdmem.heavy_ball("0.1", "0.9"), sgdmem.Spectrum([1]), 8)
    >>> data.critical_eigenvalue.values
    array([38.])
    """
    import xarray

    given = as_problem(problem)
    require_no_weight_decay(given, "a picture of its noise summand")
    require_no_shrink(algorithm, "a picture of its noise summand")
    data, noise = given.spectrum, given.noise.at(batch_size)
    if noise.by_mode:
        raise InputError("noise must be tau1 and tau2, two numbers, to draw the summand as a curve")
    exact = rational_algorithm(algorithm)
    verdict = stability(exact, data)
    ends = sorted({end for pair in verdict.noiseless_intervals for end in pair})
    poles = [end for end in ends if 0 < end <= _FARTHEST * data.largest]
    parts = memory_one_ranges(exact)
    low = _smallest_shown(exact, data, noise, parts)
    lam = _places(low, max([data.largest, *poles[:1]]) * 1.5, poles)
    plain, damped = _summands(exact, lam, noise)
    if not np.isfinite(plain).any():
        raise InputError(
            f"algorithm must be stable without noise at some eigenvalue from {low:.3g} to "
            f"{lam[-1]:.3g} for a noise summand to exist there, got {shown(algorithm)}"
        )
    ticks = _largest_ones(data)
    known = {"known": "computed"}
    found: dict[str, Any] = {
        "summand": ("eigenvalue", plain, {"long_name": "noise summand", **known}),
        "critical_eigenvalue": ("pole", poles, {"long_name": "critical eigenvalue", **known}),
        "largest_eigenvalues": ("mode", ticks[ticks >= low], {"long_name": "eigenvalue", **known}),
        **ranges_within(parts, lam[0], lam[-1]),
    }
    if noise.inverse_batch and noise.tau2:
        words = {"long_name": "damped noise summand", **known}
        found["damped_summand"] = "eigenvalue", damped, words
    jumps = _shares(exact, data, noise, low)
    if jumps is not None:
        share = {"long_name": "share of the noise sum up to an eigenvalue", **known}
        found["share_eigenvalue"] = "share_point", jumps[0], {"long_name": "eigenvalue", **known}
        found["share"] = "share_point", jumps[1], share
    return xarray.Dataset(
        found,
        {
            "eigenvalue": ("eigenvalue", lam, {"long_name": "eigenvalue"}),
            "smallest": ((), max(low, _smallest(data)), {"long_name": "smallest one shown"}),
            "largest": ((), data.largest, {"long_name": "largest eigenvalue"}),
        },
        {
            "algorithm": algorithm_label(algorithm),
            "question": question_label(data, noise),
            **described(given),
            **made_by(),
        },
    )


def _summands(algorithm: Algorithm, lam: Array, noise: BatchNoise) -> tuple[Array, Array]:
    """Return s and s / (1 + tau2 s / B) at eigenvalues; NaN where the noise has no limit."""
    modes = mode_summands(form_under(noise, [algorithm]), Ball.exactly(lam.tolist()))
    plain = np.where(modes.schur[0] == 1, lam * modes.noise.mid[0], np.nan)
    with np.errstate(invalid="ignore"):
        damping = 1 + float(noise.tau2 * noise.inverse_batch) * plain  # type: ignore[operator]
        damped = np.where(damping > 0, plain / damping, np.nan)
    return plain, damped


def _places(low: float, high: float, poles: list[float]) -> Array:
    """Return eigenvalues in logarithmic steps, and closer and closer ones beside the poles."""
    count = int(100 * math.log10(high / low)) + 2
    beside = 10.0 ** -np.arange(0.5, 6, 0.1)
    near = [pole * (1 + side * beside) for pole in poles for side in (-1, 1)]
    lam = np.unique(np.concatenate([np.geomspace(low, high, count), *near, poles]))
    return lam[(lam >= low) & (lam <= high)]


def _smallest_shown(
    algorithm: Algorithm, data: Spectrum, noise: BatchNoise, parts: list[Any]
) -> float:
    top, low = data.largest, _smallest(data)
    if data.is_infinite:
        low = 1e-8 * top
        total = _sum(algorithm, data, noise)
        for decade in range(2, 8) if math.isfinite(total) else ():
            count = int(10 ** (decade / data.law.exponent)) + 1  # type: ignore[union-attr]
            if _sum(algorithm, _first(data, count), noise) > (1 - _SHARE_LEFT) * total:
                low = 10.0**-decade * top
                break
    low = min(low, top / 100, *(float(part[1]) / 30 for part in parts[:1]))
    return float(max(low, _DEEPEST * top))


def _first(data: Spectrum, count: int) -> Spectrum:
    assert data.law is not None
    return Spectrum.power_law(data.law.exponent, data.law.scale, count)


def _sum(algorithm: Algorithm, data: Spectrum, noise: BatchNoise) -> float:
    """Return the sum of s / (1 + tau2 s / B); infinite or NaN where there is none."""
    if data.diverges:
        return math.inf
    found = noise_sums(form_under(noise, [algorithm]), data, noise.share2)
    good = found.schur[0] == 1 and found.damped[0] == 1
    return float(found.noise.mid[0]) if good else math.inf


def _shares(
    algorithm: Algorithm, data: Spectrum, noise: BatchNoise, low: float
) -> tuple[Array, Array] | None:
    """Return a polyline: eigenvalues, falling, and the share of all that are not larger.

    The share jumps at every eigenvalue; beyond the first ones of a law jumps are too small to see.
    """
    total = _sum(algorithm, data, noise)
    if not math.isfinite(total):
        return None
    if data.law is None:
        lam, places = np.unique(data.eigenvalues, return_inverse=True)
        weights = np.bincount(places, data.weights)[::-1]
        lam = lam[::-1]
        parts = weights * _summands(algorithm, lam, noise)[1]
        left = np.append(np.cumsum(parts[::-1])[::-1], 0) / total
        return np.repeat(lam, 2), np.repeat(left, 2)[1:-1]
    count = math.inf if data.law.count is None else float(data.law.count)
    reach = math.log(data.law.scale / low) / data.law.exponent
    last = count
    if reach < _MOST_REACH:
        last = min(count, (data.law.scale / low) ** (1 / data.law.exponent))
    whole = np.arange(1.0, min(last, _JUMPS) + 1)
    sizes = np.unique(np.append(whole, np.geomspace(whole[-1], last, _SIZES).round()))
    sums = [_sum(algorithm, _first(data, int(size)), noise) for size in sizes]
    left = 1 - np.array([0.0, *sums]) / total
    lam = data.law.eigenvalues(sizes).mid
    jumps = whole.size
    x = np.append(np.repeat(lam[:jumps], 2), lam[jumps:])
    return x, np.append(np.repeat(left[: jumps + 1], 2)[1:-1], left[jumps + 1 :])


def _smallest(data: Spectrum) -> float:
    if data.law is None:
        return float(data.eigenvalues.min())
    if data.law.count is None:
        return 0.0
    return float(data.law.eigenvalues(np.array([float(data.law.count)])).mid[0])


def _largest_ones(data: Spectrum) -> Array:
    if data.law is None:
        return np.sort(data.eigenvalues)[::-1][:_TICKS]
    count = _TICKS if data.law.count is None else min(_TICKS, data.law.count)
    values: Array = data.law.eigenvalues(np.arange(1.0, count + 1)).mid
    return values
