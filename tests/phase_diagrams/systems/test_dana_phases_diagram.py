"""Phases of compute-optimal SGD: names are in their phases, lines have the exponents they say."""

from __future__ import annotations

from typing import Any

import pytest

from sgdmem.errors import InputError
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.systems import compute_phase, named_diagram


@pytest.mark.slow
@pytest.mark.parametrize("method", ["dana-decaying", "dana-constant"])
def test_names_and_levels(method: str) -> None:
    found = artists(named_diagram("dana-phases", points=25, method=method))
    names = {text.get_text(): text.get_position() for text in found["phase-name"]}
    assert len(names) == 7
    for name, (alpha, beta) in names.items():
        assert compute_phase(alpha, beta).name == name
    for key, asked in (("sgd", "sgd"), ("dana", method)):
        (lines,) = found[key]
        for level, path in zip(lines.levels, lines.get_paths(), strict=True):
            for alpha, beta in path.vertices[::7]:
                told = float(compute_phase(alpha, beta, asked).risk)
                assert told == pytest.approx(level, abs=0.012)


def test_boundaries_are_where_names_change() -> None:
    for line in artists(named_diagram("dana-phases", points=3))["boundary"]:
        (x, x_end), (y, y_end) = line.get_data()
        a, b = x + (x_end - x) * 0.07, y + (y_end - y) * 0.07
        if a + b < 0.51 or b > 1.3:
            continue
        sides = {compute_phase(a + s * 0.01, b - s * 0.01).name for s in (1.0, -1.0)}
        assert len(sides) == 2


@pytest.mark.parametrize(
    ("options", "text"),
    [({"method": "adam"}, "method must be among"), ({"alpha": (1, 0)}, "alpha must be a pair")],
)
def test_bad_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        named_diagram("dana-phases", points=3, **options)
