"""Generators of random numbers side by side, one for each lane of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

LANES = 16
_SKIPPED = 12  # as NumPy does, until all bits of the seed have mixed


def stream_states(seeds: Sequence[np.random.SeedSequence]) -> Array:
    """Return the states of LANES generators for each seed, shape (seeds, 4, LANES), of int64.

    Each is NumPy's SFC64, seeded with three words of its own. Its period is at least 2**64; two
    of 2**60 generators with as many numbers each overlap with a probability below 1e-15.

    Examples
    --------
    >>> seed = np.random.SeedSequence(5)
    >>> (state,) = stream_states([seed])
    >>> state.shape, state[3, :3].tolist()
    ((4, 16), [13, 13, 13])
    """
    words = [seed.generate_state(3 * LANES, np.uint64) for seed in seeds]
    x, y, z = np.array(words, dtype=np.uint64).reshape(-1, 3, LANES).transpose(1, 0, 2)
    for count in range(1, _SKIPPED + 1):
        number = x + y + np.uint64(count)
        x, y = y ^ (y >> np.uint64(11)), z + (z << np.uint64(3))
        z = (z << np.uint64(24) | z >> np.uint64(40)) + number
    counts = np.full_like(x, _SKIPPED + 1)
    return np.stack([x, y, z, counts], axis=1).view(np.int64)
