"""Second moments at rest under noise of the labels: the independent side of statements on it."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.derivations.statements.exact_second_moments import (
    moments_at_rest,
    summed_moments,
)
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.subject import Subject


def moments_with_label_noise(subject: Subject, point: Point) -> list[Any]:
    """Return the moments at rest of the modes of a spectrum, `Subject.two_eigenvalues`.

    They solve one dense linear system for all of them together.
    """
    tau1, tau2, stirred = _shares(subject, point)
    symbols = subject.two_eigenvalues
    modes = [(point[symbol], subject.at(point, symbol)[0]) for symbol in symbols]
    _, v, r = subject.at(point, symbols[0])
    return moments_at_rest(modes, v, r, tau1, tau2, stirred)


def moments_of_a_mode(subject: Subject, point: Point) -> Any:
    """Return those of a mode of any eigenvalue that hears the noise of this spectrum."""
    tau1, tau2, stirred = _shares(subject, point)
    S, v, r = subject.at(point)
    heard = stirred
    moments = moments_with_label_noise(subject, point)
    for symbol, M in zip(subject.two_eigenvalues, moments, strict=True):
        heard += tau1 * point[symbol] * (r.transpose() * M * r)[0, 0]
    eigenvalue = point[subject.letters.eigenvalue]
    return summed_moments(S, v, r, tau2 * eigenvalue**2) * (eigenvalue * heard)


def _shares(subject: Subject, point: Point) -> tuple[Any, Any, Any]:
    """Return tau1, tau2 and the variance of the labels over the batch size."""
    letters = subject.letters
    values = point[letters.tau1], point[letters.tau2], point[letters.label_noise] ** 2
    tau1, tau2, variance = (value / point[letters.batch_size] for value in values)
    return tau1, tau2, variance
