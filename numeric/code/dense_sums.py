"""Noise sums of many members of a family over nodes and weights, in plain floats on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import is_whole
from sgdmem.numeric.code.pole_groups import TOGETHER, multiply_by_pole_sums, pole_groups
from sgdmem.numeric.machine.threads import pieces, work_in_threads
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError

_PIECES = 8  # of the members, for each thread


def dense_noise_sums(
    kernels: Callable[[bool], Any],
    rows: Array,
    spectrum: Any,
    threads: int | None,
) -> Array:
    """Return the noise sums of members whose parameters are the columns of ``rows``.

    Parameters
    ----------
    kernels
        Returns the module with the kernel for masses that are the nodes (False), or are not; see
        `sgdmem.numeric.code.dense_code`.
    rows : ndarray, shape (K, P)
    spectrum : Spectrum, CompressedSpectrum or array of eigenvalues
        A long spectrum is compressed.
    threads
        By default as many as there are processors.
    """
    if threads is not None and not (is_whole(threads) and threads >= 1):
        raise InputError(f"threads must be a positive integer, got {threads!r}")
    if isinstance(spectrum, Spectrum) and spectrum.diverges:
        return np.full(rows.shape[1], np.inf)
    nodes, masses = _nodes(spectrum)
    module = kernels(not np.array_equal(nodes, masses))
    tilted = masses * (nodes[0] - nodes)
    members = rows.shape[1]
    poles, out = np.empty((2, members))
    groups = pole_groups(nodes, masses) if module.SINGLE_POLE else None

    def work(piece: slice) -> None:
        module.noise_sums(rows, nodes, masses, tilted, poles, out, piece.start, piece.stop)
        if groups is not None:
            multiply_by_pole_sums(groups, poles, out, piece.start, piece.stop)

    workers = threads or os.cpu_count() or 1
    size = max(1, -(-members // (workers * _PIECES if workers > 1 else 1)))
    work_in_threads(work, pieces(0, members, size), workers)
    return out


def _nodes(spectrum: Any) -> tuple[Array, Array]:
    """Return nodes in full steps, largest first and smallest last, and weights times nodes."""
    if isinstance(spectrum, Spectrum) and spectrum.long is not None:
        spectrum = spectrum.compressed
    if isinstance(spectrum, CompressedSpectrum):
        nodes, weights = spectrum.nodes, spectrum.weights
    else:
        listed = spectrum if isinstance(spectrum, Spectrum) else Spectrum(spectrum)
        nodes, weights = listed.eigenvalues, listed.weights
    nodes, masses = nodes.copy(), weights * nodes
    # not sorted: that takes longer than the sums of a few members
    for place, extreme in ((0, np.argmax), (-1, np.argmin)):
        other = int(extreme(nodes))
        for array in (nodes, masses):
            array[[place, other]] = array[[other, place]]
    padding = -nodes.size % TOGETHER
    if padding:
        nodes = np.append(nodes, np.repeat(nodes[-1:], padding))
        masses = np.append(masses, np.zeros(padding))
    return nodes, masses
