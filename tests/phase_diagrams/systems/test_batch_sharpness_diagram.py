"""Batch Sharpness by batch size: what is drawn is what `stochastic_edge` says."""

from __future__ import annotations

import pytest

import sgdmem
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.systems import isotropic_features, named_diagram, stochastic_edge


def test_curves_plateaus_and_crossover() -> None:
    found = artists(named_diagram("batch-sharpness", points=3, batch_size=(1, 1e4)))
    assert len(found["batch-sharpness"]) == len(found["sharpness"]) == 3
    for momentum, line, thin, dot in zip(
        *(("0", "0.5", "0.9"), found["batch-sharpness"], found["sharpness"], found["crossover"]),
        strict=True,
    ):
        sizes, drawn = line.get_data()
        for B, sharpness, largest in zip(sizes, drawn, thin.get_ydata(), strict=True):
            edge = stochastic_edge(
                sgdmem.heavy_ball("0.1", momentum), isotropic_features(1, 200), B
            )
            assert (sharpness, largest) == pytest.approx(
                (0.1 * (edge.batch_sharpness or 0), 0.1 * edge.sharpness)
            )
        assert dot.get_xdata()[0] == pytest.approx(edge.crossover_batch_size)
    levels = sorted({round(float(line.get_ydata()[0]), 9) for line in found["plateau"]})
    assert levels == [0.2, 1, 2, 3, 3.8]


def test_features_must_be_gaussian() -> None:
    with pytest.raises(sgdmem.InputError, match="Gaussian features"):
        named_diagram("batch-sharpness", sgdmem.Problem.power_law(1.5))
