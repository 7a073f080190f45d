"""What was asked of uncertain input, in words and as JSON has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.regions.intervals import Band, Interval
from sgdmem.numeric.regions.robust_verdict import plain
from sgdmem.numeric.regions.uncertain import OF_NOISE
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.constructors import argument_text
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.printing import number_text


@dataclass(frozen=True)
class Asked:
    """A method on a problem, of which some numbers are intervals.

    Attributes
    ----------
    family : Family
    fixed : mapping
        Values of its parameters.
    given : Problem
    batch_size
        Where it is no interval.
    read : mapping of str to (low, high)
        Intervals of parameters, the batch size, tau1 and tau2.
    band
        Intervals of eigenvalues, if there are.
    """

    family: Family[...]
    fixed: Mapping[str, Any]
    given: Problem
    batch_size: Any
    read: Mapping[str, Interval]
    band: Band | None

    @property
    def is_estimated(self) -> bool:
        """Whether the noise was fitted, and its errors count."""
        return self.given.noise.estimate is not None and not {"tau1", "tau2"} & {*self.read}

    @property
    def what_varies(self) -> str:
        """What is uncertain."""
        parts = [f"{name} {_from(ends)}" for name, ends in self.read.items()]
        if self.band is not None:
            parts.append(_of_band(self.band))
        if self.is_estimated:
            parts.append("the noise that an estimate leaves")
        return ", ".join(parts) or "what is given"

    @property
    def method(self) -> str:
        """The method with its parameters."""
        values = {name: f"{name}={argument_text(value)}" for name, value in self.fixed.items()}
        values |= {name: f"{name} {_from(x)}" for name, x in self.read.items()
                   if name not in OF_NOISE}  # fmt: skip
        order = [name for name in self.family.parameters if name in values]
        others = [name for name in values if name not in order]
        called = self.family.name.replace("-", "_")
        return f"{called}({', '.join(values[name] for name in [*order, *others])})"

    @property
    def question(self) -> str:
        """The method, the problem, and the noise of a batch, in a line."""
        return f"{self.method} on {self._spectrum}; {self._noise}"

    @property
    def _noise(self) -> str:
        noise, read = self.given.noise, self.read
        if not {*OF_NOISE} & {*read}:
            return str(noise.at(self.batch_size))
        sizes = read.get("batch_size")
        size = argument_text(self.batch_size) if sizes is None else _from(sizes)
        if not {"tau1", "tau2"} & {*read}:
            return f"batch size {size}, {noise}"
        parts = [f"batch size {size}"]
        for name, value in (("tau1", noise.tau1), ("tau2", noise.tau2)):
            parts.append(
                f"{name} {_from(read[name]) if name in read else f'= {number_text(value)}'}"
            )
        return ", ".join(parts)

    @property
    def _spectrum(self) -> str:
        decay = self.given.weight_decay
        text = str(self.given.spectrum) if self.band is None else _of_band(self.band)
        return f"{text}{f', weight decay {to_float(decay):.6g}' * bool(decay)}"

    def problem(self) -> dict[str, Any]:
        """Return all that was asked about as JSON-ready values: an interval is a list of ends."""
        size = self.read.get("batch_size", (self.batch_size,))[0]
        ends = {name: plain(self.read[name]) for name in OF_NOISE if name in self.read}
        return {
            "algorithm": self.method,
            "spectrum": str(self.given.spectrum) if self.band is None else _of_band(self.band),
            "weight_decay": to_float(self.given.weight_decay),
            **self.given.noise.at(size).to_dict(),
            **ends,
        }

    def intervals(self) -> dict[str, Any]:
        """Return the ends of all intervals, JSON-ready; of eigenvalues two lists."""
        found = {name: plain(ends) for name, ends in self.read.items()}
        return found if self.band is None else {**found, "eigenvalues": plain(self.band)}


def _from(ends: Interval) -> str:
    low, high = (to_float(end) for end in ends)
    return f"from {low:.10g} to {high:.10g}"


def _of_band(band: Band) -> str:
    low, high = min(band[0]), max(band[1])
    count = len(band[0])
    many = f"{count} eigenvalues in intervals" if count > 1 else "an eigenvalue in an interval"
    return f"{many}, {to_float(low):.3g} to {to_float(high):.3g}"
