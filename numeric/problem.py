"""What is asked: an algorithm on a spectrum with mini-batch noise, validated once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.given_numbers import is_list, number
from sgdmem.numeric.spectrum import Spectrum, require_spectrum
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.scalars import is_symbolic

_LARGEST = Fraction(10**100)  # of tau1, tau2, B and 1 / B: their products stay in range as floats


@dataclass(frozen=True)
class Noise:
    """Mini-batch noise in the form of section "per-mode noise" of the theory page.

    Attributes
    ----------
    inverse_batch : Fraction
        1 / B; zero for the full batch.
    tau1 : Fraction
        Not used when there is a coupling.
    tau2 : Fraction or tuple of Fraction
        One number, or one for each eigenvalue.
    coupling : tuple of arrays or None
        Diagonal blocks of the matrix T.
    """

    inverse_batch: Fraction
    tau1: Fraction
    tau2: Fraction | tuple[Fraction, ...]
    coupling: tuple[Array, ...] | None

    @property
    def share1(self) -> Ball:
        """tau1 / B."""
        return Ball.exactly([self.tau1 * self.inverse_batch])[0]

    @cached_property
    def share2(self) -> Ball:
        """tau2 / B, one ball or one for each eigenvalue."""
        if isinstance(self.tau2, Fraction):
            return Ball.exactly([self.tau2 * self.inverse_batch])[0]
        return Ball.exactly([value * self.inverse_batch for value in self.tau2])

    @cached_property
    def tau2_values(self) -> Any:
        """Return tau2 in floats, a scalar or an array of shape (N,)."""
        return (
            np.array(self.tau2, dtype=float) if isinstance(self.tau2, tuple) else float(self.tau2)
        )

    @property
    def largest_tau2(self) -> Fraction:
        """The largest tau2 of any mode."""
        return max(self.tau2) if isinstance(self.tau2, tuple) else self.tau2

    @property
    def is_physical(self) -> bool:
        """Whether tau2 <= tau1, so that the noise covariance is positive semidefinite (Lemma 1)."""
        return self.coupling is not None or self.largest_tau2 <= self.tau1


def read_noise(spectrum: Spectrum, batch_size: Any, tau1: Any, tau2: Any, coupling: Any) -> Noise:
    """Validate batch size, tau1, tau2 and coupling against a spectrum.

    Raises
    ------
    InputError
        For a batch size that is not positive, tau1 < 0, a number beyond 1e100, a tau2 or coupling
        of the wrong shape, a coupling with a negative entry or with T_ii < tau2_i.
    """
    require_spectrum(spectrum)
    inverse = _inverse_batch(batch_size)
    tau1 = _moderate(tau1, "tau1", nonnegative=True)
    if is_list(tau2):
        tau2 = tuple(_moderate(value, f"tau2[{i}]") for i, value in enumerate(tau2))
        _check_length("tau2", len(tau2), spectrum)
    else:
        tau2 = _moderate(tau2, "tau2")
    if coupling is None:
        return Noise(inverse, tau1, tau2, None)
    if not is_list(coupling):
        tau1 = _moderate(coupling, "coupling", nonnegative=True)
        noise = Noise(inverse, tau1, tau2, None)
        if noise.largest_tau2 > tau1:
            raise InputError(f"coupling must be >= tau2 on its diagonal, got {tau1} < {tau2}")
        return noise
    blocks = tuple(_blocks(coupling))
    _check_length("coupling", sum(len(block) for block in blocks), spectrum)
    diagonal = np.concatenate([np.diag(block) for block in blocks])
    low = np.flatnonzero(diagonal < np.array(tau2, dtype=float))
    if low.size:
        raise InputError(
            f"coupling must be >= tau2 on its diagonal, but T[{low[0]}, {low[0]}] = "
            f"{diagonal[low[0]]}"
        )
    return Noise(inverse, tau1, tau2, blocks)


def _inverse_batch(batch_size: Any) -> Fraction:
    if isinstance(batch_size, float) and batch_size == math.inf:
        return Fraction(0)
    if isinstance(batch_size, str) and batch_size.strip().lower() in ("inf", "infinity"):
        return Fraction(0)
    if is_symbolic(batch_size) and batch_size.is_infinite and batch_size.is_positive:
        return Fraction(0)
    value = number(batch_size, "batch_size")
    if value <= 0:
        raise InputError(f"batch_size must be positive or infinite, got {batch_size}")
    if not 1 / _LARGEST <= value <= _LARGEST:
        raise InputError(f"batch_size must be infinite or from 1e-100 to 1e100, got {batch_size}")
    return 1 / value


def _moderate(value: Any, name: str, nonnegative: bool = False) -> Fraction:
    scalar = number(value, name)
    if nonnegative and scalar < 0:
        raise InputError(f"{name} must be >= 0, got {value}")
    if abs(scalar) > _LARGEST:
        raise InputError(f"{name} must be at most 1e100 in size, got {value}")
    return scalar


def _check_length(name: str, length: int, spectrum: Spectrum) -> None:
    if spectrum.is_infinite:
        raise InputError(f"{name} must be a single number for an infinite spectrum")
    if length != len(spectrum.eigenvalues):
        raise InputError(
            f"{name} must have one entry for each of the {len(spectrum.eigenvalues)} eigenvalues, "
            f"got {length}"
        )


def _blocks(coupling: Any) -> Sequence[Array]:
    """Return the diagonal blocks of a coupling: a matrix, matrices, or (size, value) pairs."""
    if hasattr(coupling, "tolist"):
        coupling = np.asarray(coupling)
        return [_block(coupling)] if coupling.ndim != 3 else [_block(entry) for entry in coupling]
    entries = list(coupling)
    if entries and all(isinstance(entry, tuple) and len(entry) == 2 for entry in entries):
        sizes = [entry[0] for entry in entries]
        if all(isinstance(size, int) and size > 0 for size in sizes):
            values = [_moderate(entry[1], "coupling", nonnegative=True) for entry in entries]
            return [
                _block(np.full((size, size), float(value)))
                for size, value in zip(sizes, values, strict=True)
            ]
    try:
        whole = np.asarray(entries, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return [_block(entry) for entry in entries]
    return [_block(whole)] if whole.ndim != 3 else [_block(entry) for entry in whole]


def _block(value: Any) -> Array:
    try:
        block = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError("coupling must be a number, a square matrix or a list of them") from None
    if block.ndim != 2 or block.shape[0] != block.shape[1] or block.size == 0:
        raise InputError(f"coupling blocks must be square matrices, got shape {block.shape}")
    if not ((block >= 0) & (block <= float(_LARGEST))).all():
        raise InputError("coupling must have entries from 0 to 1e100")
    return block
