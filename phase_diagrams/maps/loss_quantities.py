"""What a map can show of the loss: its floor, its regime, the power that it falls with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.known_noise import is_simple
from sgdmem.numeric.losses.loss_series import Regime, loss_regime
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.phase_diagrams.maps.judged_map import JudgedMap

REGIMES: Sequence[str] = get_args(Regime)
_CLOSE = 1e-2  # of a noise sum to 1, where its error is magnified
_NEAR = 1e-9  # of the border: there it is looked at exactly


def loss_floor(judged: JudgedMap) -> Array:
    """Return where the mean loss comes to rest, inf where stability is not proved."""
    stable = judged.outcome.stable == 1
    found = np.where(stable, 0.0, math.inf)
    heard, samples = judged.of_noise(lambda noise: noise.stirs), judged.judge.problem.samples
    if samples is not None and samples.residuals is not None:  # of what shrinks also if they fit
        heard |= judged.of_algorithms(lambda x: float(x.shrink != 0), judged.places) > 0
    places = np.flatnonzero(stable & heard)
    found[places] = _floors_by_sums(judged, places)
    for place in places[np.isnan(found[places])].tolist():
        found[place] = judged.verdict(place).loss_floor
    return found


def _floors_by_sums(judged: JudgedMap, places: Array) -> Array:
    r"""Return :math:`\sigma^2U'/2\tau_1(1-U')`, where noise sums tell the floor; elsewhere NaN.

    They do if w is where the gradient is taken, U' is away from 1 and nothing is coupled.
    """
    sums, known = judged.outcome.noise_sum, judged.of_noise(is_simple)[places]
    if sums.size == 0 or not known.any():
        return np.full(places.size, math.nan)
    tau1 = judged.of_noise(lambda noise: noise.tau1)[places].astype(float)
    known &= (tau1 > 0) & (sums[places] < 1 - _CLOSE)
    known[known] = judged.of_algorithms(lambda x: float(any(x.a)), places[known]) == 0
    variance = float(judged.judge.problem.noise.label_variance)
    with np.errstate(all="ignore"):
        floors = variance * sums[places] / (2 * tau1 * (1 - sums[places]))
    return np.where(known, floors, math.nan)


def regime(judged: JudgedMap) -> Array:
    """Return places in `REGIMES` for each target and point."""
    return judged.of_laws(_regimes, np.int8)


def _regimes(law: PowerLaw, zeta: Array, is_noisy: bool) -> Array:
    """Return places in `REGIMES`."""
    if not is_noisy:
        return np.full(zeta.size, REGIMES.index("signal-dominated"))
    if law.exponent <= 1:
        return np.full(zeta.size, REGIMES.index(loss_regime(law.exponent, float(zeta[0]))))
    gap = zeta - (2 - 1 / law.exponent)
    below, above = (REGIMES.index(name) for name in ("signal-dominated", "noise-dominated"))
    places = np.where(gap < 0, below, above)
    for place in np.flatnonzero(np.abs(gap) < _NEAR).tolist():
        places[place] = REGIMES.index(loss_regime(law.exponent, float(zeta[place])))
    return places


def loss_exponent(judged: JudgedMap) -> Array:
    """Return the exponent p of the loss t^-p for each target and point, NaN where unstable."""
    exponents = judged.of_laws(_exponents, float)
    return np.where(judged.outcome.stable == 1, exponents, math.nan)


def _exponents(law: PowerLaw, zeta: Array, is_noisy: bool) -> Array:
    return np.minimum(zeta, 2 - 1 / law.exponent) if is_noisy else zeta
