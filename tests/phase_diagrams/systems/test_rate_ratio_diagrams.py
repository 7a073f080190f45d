"""Largest rates over those of SGD: on alike Gaussian features they are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.symbolic.errors import InputError
from sgdmem.systems import named_diagram


@pytest.mark.parametrize(
    ("name", "options", "bend"),
    [
        ("marginal-momentum", {"momenta": ["0.9"]}, 0.1 / 1.9),
        # that of the momentum 0.1 - 1
        pytest.param("mem-sgd", {"kept": ["0.1"]}, 1.9 / 0.1, marks=pytest.mark.slow),
    ],
)
def test_ratios(name: str, options: dict[str, Any], bend: float) -> None:
    found = artists(named_diagram(name, points=3, **options))
    (line,) = found["gain"]
    noise = 201 / np.array(line.get_xdata())
    assert line.get_ydata() == pytest.approx((noise + 1) / (noise + bend), rel=1e-9)
    assert found["full-batches"][0].get_ydata()[0] == pytest.approx(1 / bend)
    if name == "mem-sgd":
        assert found["level"][0].get_ydata()[0] == 0.1


def test_rand_k_on_data_is_refused() -> None:
    """Their noise mixes coordinates, and then it is not that of a negative momentum."""
    with pytest.raises(InputError, match="problem must have noise by modes"):
        named_diagram("mem-sgd", np.eye(4)[:, :3])
