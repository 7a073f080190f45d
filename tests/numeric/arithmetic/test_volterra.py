"""The Volterra equation and the convolution in it, by FFT against sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.volterra import causal_convolution, solve_volterra


def direct(kernel: Any, forcing: Any, solving: bool) -> Any:
    values, sums = np.array(forcing), np.zeros_like(forcing)
    for t in range(len(forcing)):
        sums[t] = kernel[1 : t + 1][::-1] @ values[:t]
        if solving:
            values[t] = forcing[t] + sums[t]
    return values if solving else sums


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(
    size=st.integers(1, 1500),
    xi=st.floats(1.1, 2),
    power=st.floats(0.1, 3),
    share=st.floats(0.01, 0.95),
)
def test_each_entry_is_accurate(size: int, xi: float, power: float, share: float) -> None:
    t = np.arange(1.0, size + 1)
    kernel, forcing = t**-xi, t**-power
    kernel *= share / kernel.sum()
    expected = direct(kernel, forcing, solving=True)
    np.testing.assert_allclose(solve_volterra(kernel, forcing), expected, rtol=1e-11)
    expected = direct(kernel, forcing, solving=False)
    np.testing.assert_allclose(causal_convolution(kernel, forcing), expected, rtol=1e-11)
