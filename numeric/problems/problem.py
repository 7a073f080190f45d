"""What is asked: an algorithm on a spectrum with mini-batch noise, validated once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.arithmetic.inputs import is_list, number
from sgdmem.numeric.problems.coupling import LARGEST, Block, entry, read_blocks
from sgdmem.numeric.spectra.spectrum import Spectrum, require_spectrum
from sgdmem.symbolic.algebra.scalars import is_symbolic, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.errors import InputError


@dataclass(frozen=True)
class Noise:
    """Mini-batch noise, as on the theory page "The exact condition".

    Attributes
    ----------
    inverse_batch : Fraction
        1 / B; zero for the full batch.
    tau1 : Fraction
        Not used when there is a coupling.
    tau2 : Fraction or tuple of Fraction
        One number, or one for each eigenvalue.
    coupling : tuple of Block or None
        Diagonal blocks of the matrix T.
    """

    inverse_batch: Fraction
    tau1: Fraction
    tau2: Fraction | tuple[Fraction, ...]
    coupling: tuple[Block, ...] | None

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
    def cautious(self) -> Noise:
        """The noise with -abs(tau2): whatever is stable under it is stable (theory page)."""
        tau2 = self.tau2
        negative = tuple(-abs(v) for v in tau2) if isinstance(tau2, tuple) else -abs(tau2)
        return replace(self, tau2=negative)

    @property
    def largest_tau2(self) -> Fraction:
        """The largest tau2 of any mode."""
        return max(self.tau2) if isinstance(self.tau2, tuple) else self.tau2

    @property
    def is_physical(self) -> bool:
        """Whether tau2 <= tau1, so that the noise covariance is positive semidefinite (Lemma 1)."""
        return self.coupling is not None or self.largest_tau2 <= self.tau1

    def __str__(self) -> str:
        if self.inverse_batch == 0:
            return "full batches, no noise"
        tau2 = "tau2 by mode" if isinstance(self.tau2, tuple) else f"tau2 = {_shown(self.tau2)}"
        first = f"tau1 = {_shown(self.tau1)}" if self.coupling is None else "a coupling matrix"
        return f"batch size {_shown(1 / self.inverse_batch)}, {first}, {tau2}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite batch size becomes None."""
        several = isinstance(self.tau2, tuple)
        return {
            "batch_size": to_float(1 / self.inverse_batch) if self.inverse_batch else None,
            "tau1": to_float(self.tau1) if self.coupling is None else None,
            "tau2": self.tau2_values.tolist() if several else self.tau2_values,
            "coupled": self.coupling is not None,
        }


def _shown(value: Fraction) -> str:
    return number_text(value) if value.denominator == 1 else f"{to_float(value):.6g}"


@dataclass(frozen=True)
class Problem:
    """An algorithm on a spectrum with noise: what a verdict is about."""

    algorithm: Algorithm
    spectrum: Spectrum
    noise: Noise

    def __str__(self) -> str:
        name = self.algorithm.name or f"an algorithm of memory {self.algorithm.memory}"
        return f"{name} on {self.spectrum}; {self.noise}"

    def to_dict(self) -> dict[str, Any]:
        """Return the problem in JSON-ready values; an infinite batch size becomes None."""
        return {
            "algorithm": self.algorithm.name or repr(self.algorithm),
            "spectrum": str(self.spectrum),
            **self.noise.to_dict(),
        }


def read_problem(
    algorithm: Any, data: Any, batch_size: Any, tau1: Any, tau2: Any, coupling: Any
) -> Problem:
    """Validate everything that a verdict is asked about; see `read_data` and `read_noise`."""
    numeric_algorithm(algorithm)
    spectrum, tau1, tau2 = read_data(data, tau1, tau2)
    noise = read_noise(spectrum, batch_size, tau1, tau2, coupling)
    return Problem(algorithm, spectrum, noise)


def read_data(data: Any, tau1: Any, tau2: Any) -> tuple[Spectrum, Any, Any]:
    """Return a spectrum, and tau1 and tau2 where they are None.

    A matrix of features stands for its spectrum and its estimated noise; with a spectrum they are
    1 and 0.

    Raises
    ------
    InputError
        If it is neither.
    """
    if isinstance(data, Spectrum):
        return data, 1 if tau1 is None else tau1, 0 if tau2 is None else tau2
    shape = getattr(data, "shape", None)
    rows = data if isinstance(data, (list, tuple)) else ()
    if not (len(shape) == 2 if isinstance(shape, tuple) else any(map(is_list, rows))):
        shown = repr(data) if len(repr(data)) < 60 else f"a {type(data).__name__}"
        raise InputError(
            f"spectrum must be a Spectrum, such as Spectrum([4, 1]) or Spectrum.power_law(1.5), "
            f"or a matrix of features, got {shown}"
        )
    spectrum = Spectrum.from_features(data)
    if tau1 is None or tau2 is None:
        from sgdmem.numeric.problems.fitted_noise import noise_from_features

        estimate = noise_from_features(data)
        tau1 = estimate.tau1 if tau1 is None else tau1
        tau2 = estimate.tau2 if tau2 is None else tau2
    return spectrum, tau1, tau2


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
        tau1 = entry(coupling)
        noise = Noise(inverse, tau1, tau2, None)
        if noise.largest_tau2 > tau1:
            raise InputError(
                f"coupling must be >= tau2 on its diagonal, got {coupling} < "
                f"{number_text(noise.largest_tau2)}"
            )
        return noise
    blocks = read_blocks(coupling, 0 if spectrum.is_infinite else len(spectrum.eigenvalues))
    _check_length("coupling", sum(block.size for block in blocks), spectrum)
    diagonal = [value for block in blocks for value in block.diagonal]
    own = tau2 if isinstance(tau2, tuple) else (tau2,) * len(diagonal)
    for i, (value, least) in enumerate(zip(diagonal, own, strict=True)):
        if value < least:
            raise InputError(
                f"coupling must be >= tau2 on its diagonal, but T[{i}, {i}] = "
                f"{number_text(value)} < {number_text(least)}"
            )
    return Noise(inverse, tau1, tau2, blocks)


def is_infinite(value: Any) -> bool:
    """Whether a batch size is infinite, in whatever form it is given."""
    if isinstance(value, str):
        return value.strip().lower() in ("inf", "infinity", "oo")
    if is_symbolic(value):
        return bool(value.is_infinite and value.is_extended_positive)
    return isinstance(value, (Real, Decimal)) and value == math.inf


def _inverse_batch(batch_size: Any) -> Fraction:
    if is_infinite(batch_size):
        return Fraction(0)
    value = number(batch_size, "batch_size")
    if value <= 0:
        raise InputError(f"batch_size must be positive or infinite, got {batch_size}")
    if not 1 / LARGEST <= value <= LARGEST:
        raise InputError(f"batch_size must be infinite or from 1e-100 to 1e100, got {batch_size}")
    return 1 / value


def _moderate(value: Any, name: str, nonnegative: bool = False) -> Fraction:
    scalar = number(value, name)
    if nonnegative and scalar < 0:
        raise InputError(f"{name} must be >= 0, got {value}")
    if abs(scalar) > LARGEST:
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
