"""Moments through a period in machine code, against products of matrices."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem.numeric.periodic import moments_over_a_period
from sgdmem.numeric.periodic.moments_over_a_period import MomentsOverAPeriod


@pytest.mark.parametrize(("size", "modes"), [(1, 3), (2, 40), (3, 5)])
def test_machine_code(
    size: int, modes: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all pairs of modes, up to 820: more than one block; some entries are always 0."""
    steps, eigenvalues = 64, rng.uniform(0.1, 1, modes)
    still = 0.4 * rng.standard_normal((steps, size, size))
    still[:, -1, : size - 1] = 0
    v, r = 0.3 * rng.standard_normal((2, steps, size))
    pairs = np.triu_indices(modes)
    C = rng.standard_normal((steps, pairs[0].size))
    moments = MomentsOverAPeriod(still, v, r, eigenvalues, pairs, 2)
    found = moments.heard(C)
    monkeypatch.setattr(moments_over_a_period, "_COMPILED", steps + 1)
    expected = moments.heard(C)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
