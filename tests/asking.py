"""Questions with the noise written out."""

from __future__ import annotations

import math
from typing import Any

from sgdmem import Noise, Problem, Verdict, stability


def noisy(
    spectrum: Any, tau1: Any = 1, tau2: Any = 0, coupling: Any = None, target: Any = None
) -> Problem:
    """Return the problem of a spectrum with two-parameter or coupled noise."""
    noise = Noise(tau1, tau2) if coupling is None else Noise.coupled(coupling, tau2)
    return Problem(spectrum, noise, target)


def judged(algorithm: Any, spectrum: Any, batch_size: Any = math.inf, **noise: Any) -> Verdict:
    """Return the verdict on a spectrum, the noise written out."""
    return stability(algorithm, noisy(spectrum, **noise), batch_size)
