"""What all noise of mini-batches consists of, whatever their size, and how it is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import list_entries
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.problems.coupling import LARGEST, Block, settled
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.problems.noise_estimate import CouplingEstimate, NoiseEstimate
    from sgdmem.numeric.problems.samples import Samples


@dataclass(frozen=True, init=False)
class NoiseParts:
    """The parts of a noise: two parameters or a coupling, labels, and where they come from."""

    tau1: Fraction
    tau2: Fraction | tuple[Fraction, ...]
    coupling: tuple[Block, ...] | None
    estimate: NoiseEstimate | CouplingEstimate | None
    samples: Samples | None
    label_variance: Fraction

    def __init__(
        self,
        tau1: Any = 1,
        tau2: Any = 0,
        coupling: Any = None,
        estimate: Any = None,
        samples: Samples | None = None,
        *,
        label_variance: Any = 0,
    ) -> None:
        tau1 = _moderate(tau1, "tau1", nonnegative=True)
        if is_list(tau2):
            tau2 = _by_mode(list(list_entries(tau2, "tau2")))
        else:
            tau2 = _moderate(tau2, "tau2")
        if coupling is not None:
            coupling = settled(coupling, tau2)
        if estimate is not None and not estimate.is_of(tau1, tau2, coupling):
            estimate = None  # numbers of the caller's are no estimate
        label_variance = _moderate(label_variance, "label_variance", nonnegative=True)
        if label_variance and samples is not None:
            raise InputError(
                "label_variance belongs to a model of the noise: samples have labels of their own"
            )
        vars(self).update(  # frozen
            tau1=tau1, tau2=tau2, coupling=coupling, estimate=estimate, samples=samples,
            label_variance=label_variance,
        )  # fmt: skip

    @property
    def fitted(self) -> NoiseEstimate | None:
        """What its two parameters were fitted to; None where they were not."""
        return None if self.coupling is not None else self.estimate  # type: ignore[return-value]

    @property
    def by_mode(self) -> bool:
        """Whether it is given mode by mode, so that eigenvalues must be listed."""
        return self.coupling is not None or self.samples is not None or isinstance(self.tau2, tuple)

    @property
    def mixes(self) -> bool:
        """Whether something other than tau1 says how the modes feed each other."""
        return self.coupling is not None or self.samples is not None

    @property
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

    def check(self, spectrum: Spectrum) -> None:
        """Raise InputError unless it has one entry for each eigenvalue, or a single one."""
        if isinstance(self.tau2, tuple):
            _check_length("tau2", len(self.tau2), spectrum)
        if self.coupling is not None:
            _check_length("coupling", sum(block.size for block in self.coupling), spectrum)
        if self.samples is not None:
            self.samples.check(spectrum)

    def __str__(self) -> str:
        if not self.label_variance:
            return self._of_features
        return f"{self._of_features}, label variance {value_text(self.label_variance)}"

    @property
    def _of_features(self) -> str:
        tau2 = "tau2 by mode" if isinstance(self.tau2, tuple) else f"tau2 = {value_text(self.tau2)}"
        if self.estimate is not None:
            return str(self.estimate)
        if self.coupling is not None:
            return f"a coupling matrix, {tau2}"
        if self.samples is not None:
            unused = int((self.samples.weights == 0).sum())
            never = f" ({unused:,} of weight 0)" if unused else ""
            return f"{self._number_of_samples}{never}, {self.samples.drawing}"
        return f"tau1 = {value_text(self.tau1)}, {tau2}"

    @property
    def _number_of_samples(self) -> str:
        count = 0 if self.samples is None else len(self.samples)
        return f"{count:,} sample{'s' * (count != 1)}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        tau2 = self.tau2_values
        return {
            "tau1": None if self.mixes else to_float(self.tau1),
            "tau2": tau2.tolist() if isinstance(self.tau2, tuple) else tau2,
            "coupled": self.coupling is not None,
            "samples": None if self.samples is None else len(self.samples),
            "drawing": None if self.samples is None else asdict(self.samples.drawing),
            "estimate": None if self.estimate is None else self.estimate.to_dict(),
            "label_variance": to_float(self.label_variance),
            "trace_share": None if self.samples is None else self.samples.trace_share,
        }


def _moderate(value: Any, name: str, nonnegative: bool = False) -> Fraction:
    scalar = number(value, name)
    if nonnegative and scalar < 0:
        raise InputError(f"{name} must be >= 0, got {shown(value)}")
    if abs(scalar) > LARGEST:
        raise InputError(f"{name} must be at most 1e100 in size, got {shown(value)}")
    return scalar


def _by_mode(values: list[Any]) -> tuple[Fraction, ...]:
    """Return one number for each mode; where all are the same, one object many times."""
    first = values[0] if values else None
    if values and all(type(x) is type(first) and bool(x == first) for x in values):
        return (_moderate(first, "tau2[0]"),) * len(values)
    return tuple(_moderate(value, f"tau2[{i}]") for i, value in enumerate(values))


def value_text(value: Fraction) -> str:
    """Return a number to be read: a whole one as it is, others in six digits."""
    return number_text(value) if value.denominator == 1 else f"{to_float(value):.6g}"


def _check_length(name: str, length: int, spectrum: Spectrum) -> None:
    if spectrum.is_infinite:
        raise InputError(f"{name} must be a single number for an infinite spectrum")
    if length != len(spectrum.eigenvalues):
        advice = ": write the rows of a matrix as lists" if name == "coupling" else ""
        raise InputError(
            f"{name} must have one entry for each of the {len(spectrum.eigenvalues)} eigenvalues, "
            f"got {length}{advice}"
        )
