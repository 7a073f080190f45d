"""The diagram of recovered items: means over memories, predicted slopes, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.symbolic.errors import InputError
from sgdmem.systems import AssociativeMemory, named_diagram

SMALL: Any = {"dimension": (8, 20), "points": 3, "seeds": 3}


@pytest.mark.parametrize("batch_size", [float("inf"), 30])
def test_numbers_and_slopes(batch_size: float) -> None:
    found = artists(
        named_diagram("associative-memory", exponent="2", batch_size=batch_size, **SMALL)
    )
    counts = []
    for seed in range(3):
        memory = AssociativeMemory(20, 2, seed=seed)
        G = memory.step(batch_size)
        W = memory.muon(G, batch_size)
        counts.append([len(memory.recovery(matrix).items) for matrix in (G, W)])
    last = [line.get_ydata()[-1] for line in found["recovered"]]
    assert last == pytest.approx(np.mean(counts, axis=0).tolist())
    for line, top, slope in zip(found["slope"], last, (0.25, 1.25), strict=True):
        assert line.get_xdata().tolist() == [8, 13, 20]
        assert line.get_ydata()[[0, -1]] == pytest.approx([top * 0.4**slope, top])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dimension": (1, 8)}, "dimension must be a pair within 2 and 512"),
        ({"dimension": (16, 1024)}, "dimension must be a pair within 2 and 512"),
        ({"seeds": 0}, "seeds must be"),
        ({"points": 1}, "points must be"),
        ({"exponent": -1}, "exponent must be positive"),
        ({"batch_size": 0.5}, "batch_size must be"),
        ({"problem": np.eye(2)}, "problem is chosen by the diagram"),
    ],
)
def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        named_diagram("associative-memory", **{**SMALL, **options})
