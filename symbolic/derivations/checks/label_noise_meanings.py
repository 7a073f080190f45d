"""What the letters of the section on noise of the labels mean at a point."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from sgdmem.symbolic.derivations.checks.mixed_arithmetic import unwrapped
from sgdmem.symbolic.derivations.statements.exact_second_moments import identity, summed_moments
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.label_noise_at_rest import (
    moments_of_a_mode,
    moments_with_label_noise,
)
from sgdmem.symbolic.derivations.statements.subject import Subject


class LabelNoise:
    """Second moments at rest, and the response read at the weights, at one point.

    Values in the dictionaries are functions that find them: they are dear, and rarely asked for.
    """

    def __init__(self, subject: Subject, point: Point) -> None:
        self._subject, self._point = subject, point
        self._letter = subject.writer.line(subject.letters.eigenvalue)
        self._weights = subject.letters.weights

    @cached_property
    def _moments(self) -> list[Any]:
        return moments_with_label_noise(self._subject, self._point)

    def letters(self) -> dict[str, Callable[[], Any]]:
        """Return what letters mean of a mode of any eigenvalue."""
        return {
            f"M_{{{self._letter}}}": self._of_a_mode,
            f"s^{{{self._weights}}}_{{{self._letter}}}": self._summand,
        }

    def each(self, place: int) -> dict[str, Callable[[], Any]]:
        """Return what letters mean of one mode of the spectrum."""
        letter, symbol = f"{self._letter}_k", self._subject.two_eigenvalues[place]
        return {
            f"M_{{{letter}}}": lambda: unwrapped(self._moments[place]),
            f"(M_{{{letter}}})_{{00}}": lambda: self._moments[place][0, 0],
            f"s^{{{self._weights}}}_{{{letter}}}": partial(self._summand, symbol),
        }

    def functions(self) -> dict[str, Callable[[Any], Any]]:
        """Return what functions mean."""
        return {f"Q_{{{self._weights}}}": self._numerator}

    def _of_a_mode(self) -> Any:
        return unwrapped(moments_of_a_mode(self._subject, self._point))

    def _summand(self, symbol: Any = None) -> Any:
        """Return the summand of what is read at the weights, by default at the eigenvalue."""
        symbol = self._subject.letters.eigenvalue if symbol is None else symbol
        moments = summed_moments(*self._subject.at(self._point, symbol))
        return self._point[symbol] ** 2 * moments[0, 0]

    def _numerator(self, x: Any) -> Any:
        """Return the first entry of adj(x - S) v, which is the same for every eigenvalue."""
        start, v, _ = self._subject.matrices_at(self._point)
        shifted = identity(start.nrows()) * x - start
        return shifted.det() * shifted.solve(v)[0, 0]
