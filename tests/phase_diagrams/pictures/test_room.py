"""Where a rectangle has most room, against the distance transform of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.pictures.room import Region

SIZE = 240


def by_transform(mask: Array, size: Array, width: float, height: float) -> Array | None:
    """Return the place by the distances of all cells."""

    def distances(cell: Array) -> Array:
        found: Array = distance_transform_edt(np.pad(mask, 1), sampling=cell)[1:-1, 1:-1]
        return found

    away = distances(size[::-1] / [height, width] / mask.shape)
    if away.max() < 0.5**0.5 * 1.15:
        return None
    good = np.where(away > 0.97 * away.max(), distances(size[::-1] / mask.shape), 0)
    return (np.array(np.unravel_index(int(good.argmax()), good.shape)[::-1]) + 0.5) / SIZE


@pytest.mark.parametrize("kind", ["bands", "waves", "disks", "speckles", "all", "none"])
def test_the_place_is_that_of_a_distance_transform(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    found = []
    for _ in range(6):
        a, b, c = rng.uniform(size=3)
        mask = {
            "bands": (y > a * x / 2) & (y < b + 0.1 * np.sin(20 * x)),
            "waves": np.sin(9 * x + 6 * a) * np.cos(7 * y + 6 * b) > c - 0.5,
            "disks": np.hypot(x - a, y - b) < 0.6 * c,
            "speckles": rng.random(x.shape) < 1 - 10 ** (-1 - 3 * c),
            "all": x >= 0,
            "none": x < 0,
        }[kind]
        size = np.array([100 + 400 * a, 100 + 300 * b])
        width, height = 10 + 140 * c, 8 + 30 * a
        expected = by_transform(mask, size, width, height)
        place = Region(mask, size).roomiest(width, height)
        assert (place is None) == (expected is None)
        if place is not None and expected is not None:
            assert np.allclose(place, expected, rtol=0, atol=1e-12)
        found.append(place)
    assert (set(found) == {None}) == (kind == "none")
