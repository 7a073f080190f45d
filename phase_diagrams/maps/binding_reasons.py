"""Which condition binds at points of a map that are not stable."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.known_noise import damps_modes, is_simple
from sgdmem.numeric.compiled_maps.points import AnyPoints
from sgdmem.numeric.judges.binding_condition import lost_by_roots
from sgdmem.numeric.judges.reason import Reason


def binding_reasons(judge: FamilyJudge, points: AnyPoints) -> list[Reason]:
    """Return which condition binds at points that are not stable, see `Verdict.binding`.

    Sums are infinite unless every mode is stable and damped: a finite one that is too large is
    the reason. Where no mode's noise can feed on itself, tau2 not being negative, an infinite
    one is that of a mode that is not stable without noise.
    """
    noises, found = judge.noises(points), judge.judge(points)
    told, damps = (
        np.array([is_so(noises[key]) for key in points.noise_keys()])[points.noise_indices]
        & ((found.stable == 0) & ~found.on_boundary)
        for is_so in (is_simple, damps_modes)
    )
    summed = told & np.isfinite(found.noise_sum)
    if found.bounds is not None:  # of samples: the modes are stable, and feed each other
        summed |= (found.stable == 0) & (found.bounds[0] >= 1) & np.isfinite(found.bounds[0])
    by_roots = damps & np.isinf(found.noise_sum) & (not judge.problem.spectrum.diverges)
    reasons = []
    for place in range(len(points)):
        if summed[place]:
            reasons.append(Reason.NOISE_SUM)
        elif by_roots[place]:
            reasons.append(
                lost_by_roots(judge.algorithm(points, points.at(place)), judge.problem.spectrum)
            )
        else:
            reasons.append(judge.verdict(points, place).binding)
    return reasons
