"""Gradients on batches of Gaussian features, as simulated runs draw them."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.simulation.gaussian_steps import MODES, gaussian_source
from sgdmem.numeric.simulation.streams import stream_states


def gaussian_gradients(
    lam: Array, y: Array, batch: int, label: float, draws: int, rng: np.random.Generator
) -> Array:
    """Return gradients at y, shape (draws, N): steps of SGD from there with the rate 1."""
    step = load_code(gaussian_source(0, (True, False))).run
    (streams,) = stream_states([np.random.SeedSequence(1)])
    eigenvalues, state, numbers = np.zeros((3, 1, MODES))
    eigenvalues[0, : y.size] = lam
    entries, kept, nothing = np.array([[1.0, 0.0]]), np.zeros(1, dtype=np.int8), np.empty(0)
    counts, made = np.zeros(2, dtype=np.int64), np.empty((draws, y.size))
    for k, square in enumerate(rng.chisquare(batch, (draws, 1))):
        state[0, : y.size] = y
        given = entries, square, float(batch), label, 0.0, eigenvalues, streams, state, numbers
        step(*given, kept, nothing, counts)
        made[k] = y - state[0, : y.size]
    assert not state[0, y.size :].any()
    return made
