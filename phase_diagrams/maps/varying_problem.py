"""A problem that axes of a diagram may vary, and what is said of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any
from weakref import WeakKeyDictionary

from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.maps.axes import PROBLEM_PARAMETERS
from sgdmem.phase_diagrams.stores.digests import digest, number_digest
from sgdmem.symbolic.errors import InputError

Axes = Mapping[str, Sequence[Any]]
_MOST_SHOWN = 8  # numbers of a list
_digests: WeakKeyDictionary[Spectrum, str] = WeakKeyDictionary()  # a long list takes its time


@dataclass(frozen=True)
class VaryingProblem:
    """A problem, or a function of some axes that returns one.

    Attributes
    ----------
    given : Problem or function
    axes : tuple of str
        Of which it is a function, in its order.
    of_target : tuple of str
        Those along which spectrum and noise stay the same.
    apart : bool
        Whether the target stays the same along the others; then one list of targets is for all.

    Examples
    --------
    >>> axes = {"nu": [2, 3], "zeta": [0.5, 1], "momentum": [0]}
    >>> varying = VaryingProblem.read(lambda nu, zeta: Problem.power_law(nu, zeta), axes)
    >>> varying.axes, varying.of_target, varying.apart
    (('nu', 'zeta'), ('zeta',), True)
    >>> print(varying.at({"nu": 2, "zeta": 1, "momentum": 0}))
    infinitely many eigenvalues k^-2; tau1 = 1, tau2 = 0; target exponent 1
    """

    given: Any
    axes: tuple[str, ...] = ()
    of_target: tuple[str, ...] = ()
    apart: bool = False

    @classmethod
    def read(cls, given: Any, axes: Axes) -> VaryingProblem:
        """Read what stands for a problem, or a function of axes that returns it.

        What stays the same along an axis, wherever the others are at an end or in the middle, is
        taken to stay the same along it everywhere.

        Raises
        ------
        InputError
            If it is neither.
        """
        if not callable(given) or isinstance(given, type):
            return cls(as_problem(given))  # data are summed up once
        parameters = inspect.signature(given).parameters.values()
        names = tuple(p.name for p in parameters if p.default is p.empty)
        known = [name for name in axes if name not in PROBLEM_PARAMETERS]
        if not names or not set(names) <= set(known):
            raise InputError(
                "problem must be a function of axes that belong to it alone; it is one of "
                f"{', '.join(names) or 'nothing'}, the axes are {', '.join(axes)}"
            )
        found = cls(given, names)
        of_target = tuple(x for x in names if found._is_constant(x, axes, _settings))
        others = [name for name in names if name not in of_target] if of_target else []
        apart = bool(of_target) and all(found._is_constant(x, axes, _target) for x in others)
        return cls(given, names, of_target, apart)

    def _is_constant(self, axis: str, axes: Axes, part: Callable[[Problem], Any]) -> bool:
        """Return whether a part of the problem stays the same along an axis, on some lines."""
        others = {
            name: [axes[name][k] for k in {0, len(axes[name]) // 2, len(axes[name]) - 1}]
            for name in self.axes
            if name != axis
        }
        for place in product(*others.values()):
            point = dict(zip(others, place, strict=True))
            first = part(self.at({**point, axis: axes[axis][0]}))
            if any(part(self.at({**point, axis: value})) != first for value in axes[axis][1:]):
                return False
        return True

    def at(self, point: Mapping[str, Any]) -> Problem:
        """Return the problem at a point."""
        if not self.axes:
            return self.given  # type: ignore[no-any-return]
        return as_problem(self.given(*(point[name] for name in self.axes)), "what problem returns")

    def ends(self, axes: Axes) -> tuple[Problem, Problem]:
        """Return the problems at the beginning and at the end of all axes."""
        first, last = ({name: axes[name][k] for name in self.axes} for k in (0, -1))
        return self.at(first), self.at(last)

    def attributes(self, axes: Axes) -> dict[str, str]:
        """Return in words what a dataset says of it, without what the axes vary."""
        ends = self.ends(axes)
        first, last = (described(problem, axes) for problem in ends)
        found = {name: _span(text, last.get(name, text)) for name, text in first.items()}
        if self.axes == self.of_target:
            found["spectrum_digest"] = spectrum_digest(ends[0].spectrum)
        if not self.axes and self.given.target is not None:
            found["target"] = str(self.given.target)
        return found

    def identity(self, axes: Axes) -> dict[str, str]:
        """Return what tells it from all others: exact values, and digests of what is long.

        Where it varies, of the problems along each axis through the middle of the others.
        """
        if not self.axes:
            found = _identity(self.given)
            return {name: text for name, text in found.items() if name not in axes}
        middle = {name: axes[name][len(axes[name]) // 2] for name in self.axes}
        points = [{**middle, name: value} for name in self.axes for value in axes[name]]
        every = (str(_identity(self.at(point))) for point in points)
        return {f"problem along {', '.join(self.axes)}": digest(*every)}


def _settings(problem: Problem) -> Any:
    return problem.spectrum, problem.noise


def _target(problem: Problem) -> Any:
    return problem.target


def described(problem: Problem, axes: Iterable[str] = ()) -> dict[str, str]:
    """Return a problem in words, by catchwords, without what axes vary."""
    found = {"spectrum": str(problem.spectrum), **_noise_in_words(problem.noise, set(axes))}
    return {name: text for name, text in found.items() if name not in axes}


def _noise_in_words(noise: Noise, axes: set[str]) -> dict[str, str]:
    """Return tau1 and tau2; and ``noise`` where these are not given numbers."""
    tau2 = _numbers(noise.tau2) if isinstance(noise.tau2, tuple) else _number(noise.tau2)
    if noise.label_variance:
        found = _noise_in_words(noise.vary(label_variance=0), axes)
        return {**found, "label_variance": _number(noise.label_variance)}
    if noise.coupling is not None:
        return {"noise": "a coupling matrix", "tau2": tau2}
    if noise.samples is not None:
        return {"noise": str(noise)}
    found = {"tau1": _number(noise.tau1), "tau2": tau2}
    if noise.estimate is None or {"tau1", "tau2"} <= axes:
        return found
    some = not axes.isdisjoint(("tau1", "tau2"))
    return {"noise": "estimated" if some else str(noise.estimate), **found}


def _number(value: Fraction) -> str:
    """Return a number as it was given, if that was an integer, a float or a decimal."""
    short = str(value.numerator) if value.denominator == 1 else repr(float(value))
    return short if value in (Fraction(short), Fraction(float(short))) else str(value)


def _numbers(values: Sequence[Fraction]) -> str:
    return f"[{', '.join(map(_number, values))}]" if len(values) <= _MOST_SHOWN else "by mode"


def _span(first: str, last: str) -> str:
    if first == last:
        return first
    what, power, _ = first.partition(" k^")
    if power and last.startswith(what + power):  # both are power laws
        last = last.removeprefix(f"{what} ")
    return f"{first} to {last}"


def _identity(problem: Problem) -> dict[str, str]:
    noise, target = problem.noise, problem.target
    found = {
        "spectrum": str(problem.spectrum),
        "spectrum_digest": spectrum_digest(problem.spectrum),
        "tau1": str(noise.tau1),
        "tau2": number_digest(noise.tau2),
    }
    if noise.coupling is not None:
        parts = [
            part
            for block in noise.coupling
            for part in (
                *(str(block.size), str(block.diagonal)),
                *(block.entries.mid.tobytes(), block.entries.rad.tobytes()),
            )
        ]
        found["coupling"] = digest(*parts)
    if noise.label_variance:
        found["label_variance"] = str(noise.label_variance)
    if noise.samples is not None:
        samples = noise.samples
        columns = (Z.tobytes() for _, Z in samples.pieces())
        found["samples"] = digest(samples.weights.tobytes(), *columns)
        found["drawn"] = repr(samples.drawing)
    if isinstance(target, PowerLawTarget):
        found["target"] = str(target)
    elif target is not None:
        found["target"] = digest(target.squares.tobytes())
    return found


def spectrum_digest(spectrum: Spectrum) -> str:
    """Return a short text that two spectra share only if they are the same to the last bit."""
    found = _digests.get(spectrum)
    if found is None:
        decay = f", weight decay {spectrum.weight_decay}" if spectrum.weight_decay else ""
        if spectrum.law is not None:
            return f"{spectrum.law!r}{decay}"
        parts = (spectrum.eigenvalues, spectrum.radii, spectrum.weights)
        found = _digests[spectrum] = digest(*(part.tobytes() for part in parts)) + decay
    return found
