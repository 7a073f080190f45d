"""The picture of Kaczmarz: exact losses below the guarantee, and near what layers can come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.symbolic.errors import InputError
from sgdmem.systems import kaczmarz, named_diagram, worst_losses


def test_losses_are_below_the_guarantee() -> None:
    found = artists(named_diagram("kaczmarz", steps=100))
    names = "guarantee", "power", "slowest", "last-iterate"
    guarantee, power, slowest, proved = (np.array(found[x][0].get_ydata()) for x in names)
    losses = np.array([line.get_ydata() for line in found["loss"]])
    assert len(losses) == 6
    assert (losses < guarantee).all() and (guarantee <= power * (1 + 1e-12)).all()
    assert (losses < slowest).all() and (slowest < proved).all()
    assert proved[[0, -1]] == pytest.approx([0.6376 / 2, 0.6376 / 101], rel=1e-4)
    assert losses[:, -1].max() > 0.9 * slowest[-1]


def test_a_system_of_ones_own() -> None:
    problem = kaczmarz([[1.0, 0], [3.0, 4.0]])
    found = artists(named_diagram("kaczmarz", problem, steps=9, learning_rate="0.5"))
    (line,) = found["loss"]
    assert line.get_ydata() == pytest.approx(worst_losses(problem, 9, 0.5).losses[1:])
    assert "slowest" not in found
    with pytest.raises(InputError, match="curvatures up to 1, got one of 25"):
        named_diagram("kaczmarz", [[1.0, 0], [3.0, 4.0]])
    wrong: list[dict[str, Any]] = [{"steps": 1}, {"learning_rate": 2}, {"points": 1}]
    for options in wrong:
        with pytest.raises(InputError, match=next(iter(options))):
            named_diagram("kaczmarz", problem, **options)
