"""What a diagram asks at each of its points, and the answers for any part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from sgdmem.numeric.maps.family_judge import Build, Compiled, FamilyJudge
from sgdmem.numeric.maps.family_program import family_program
from sgdmem.numeric.maps.points import Points
from sgdmem.numeric.problems.problem import read_data
from sgdmem.phase_diagrams.maps.quantities import VERDICT, Map, Quantity
from sgdmem.symbolic.algebra.scalars import to_float

if TYPE_CHECKING:
    import xarray

PROBLEM_PARAMETERS = ("batch_size", "tau1", "tau2")
_MOST_SLICES = 4096  # that are kept

Axes = Mapping[str, Sequence[Any]]


def own_parameters(axes: Iterable[str], *others: str | None) -> list[str]:
    """Return the axes that are neither of the problem nor named as others."""
    return [name for name in axes if name not in (*PROBLEM_PARAMETERS, *others)]


@dataclass(frozen=True)
class DiagramQuestion:
    """What is asked at every point of a diagram.

    Attributes
    ----------
    build
        The family as a function of its parameters that vary.
    axes
        All values of all parameters that vary, the last one fastest.
    spectrum, target
        Objects, or functions of the parameters ``of_spectrum`` and ``of_target``.
    problem
        ``batch_size``, ``tau1`` and ``tau2`` where they are no axes.
    looped
        The axes along which slices are judged one after the other.
    is_compiled
        Whether the family is worth compiling.
    """

    build: Build
    axes: Axes
    spectrum: Any
    of_spectrum: str | None
    target: Any
    of_target: str | None
    problem: Mapping[str, Any]
    coupling: Any
    device: Literal["cpu", "cuda"]
    quantities: Mapping[str, Quantity]
    looped: Sequence[str]
    is_compiled: bool
    _programs: dict[Build, Compiled | None] = field(default_factory=dict)
    _slices: dict[tuple[str, Any], DiagramQuestion] = field(default_factory=dict)

    @property
    def own(self) -> list[str]:
        """The axes that are parameters of the family."""
        return own_parameters(self.axes, self.of_spectrum, self.of_target)

    @property
    def variables(self) -> Mapping[str, Quantity]:
        """What a dataset holds."""
        return {**VERDICT, **self.quantities}

    def answer(
        self, part: Axes, advance: Callable[[int], None] = lambda count: None
    ) -> xarray.Dataset:
        """Return the results at a part of the points, the same whatever the parts.

        Parameters
        ----------
        part
            Some values of each axis.
        advance
            Called with the number of points done, for a progress bar.
        """
        inner = {name: values for name, values in part.items() if name != self.of_target}
        targets = self._targets(part)
        repeats = len(part[self.of_target]) if self.of_target else 1
        found = self._sliced(inner, self.looped, targets, lambda count: advance(repeats * count))
        if self.of_target:  # what does not depend on the target is the same for all
            places = list(map(to_float, part[self.of_target]))
            found = found.assign_coords({self.of_target: places})
            found = found.broadcast_like(found[self.of_target])
        return found.transpose(*part)

    def _targets(self, part: Axes) -> list[Any]:
        if self.of_target is None:
            return [self.target]
        return [self.target(value) for value in part[self.of_target]]

    def _sliced(
        self,
        part: Axes,
        looped: Sequence[str],
        targets: Sequence[Any],
        advance: Callable[[int], None],
    ) -> xarray.Dataset:
        """Return the results slice by slice along the axes that are looped over."""
        import xarray

        if not looped:
            return self._judged(part, targets, advance)
        name, *rest = looped
        inner = {key: values for key, values in part.items() if key != name}
        slices = [
            self._at(name, value)._sliced(inner, rest, targets, advance) for value in part[name]
        ]
        places = xarray.Variable(name, [to_float(value) for value in part[name]])
        return xarray.concat(slices, places)

    def _at(self, name: str, value: Any) -> DiagramQuestion:
        """Return the question at one value of an axis."""
        known = self._slices.get((name, value))
        if known is None:
            if len(self._slices) >= _MOST_SLICES:
                self._slices.clear()
            known = self._slices[name, value] = self._fixed(name, value)
        return known

    def _fixed(self, name: str, value: Any) -> DiagramQuestion:
        inner: dict[str, Any] = {
            "axes": {key: values for key, values in self.axes.items() if key != name},
            "_slices": {},
        }
        if name == self.of_spectrum:
            return replace(self, **inner, spectrum=self.spectrum(value), of_spectrum=None)
        if name in PROBLEM_PARAMETERS:
            return replace(self, **inner, problem={**self.problem, name: value})
        build = self.build
        return replace(self, **inner, build=lambda **others: build(**others, **{name: value}))

    def _judged(
        self, part: Axes, targets: Sequence[Any], advance: Callable[[int], None]
    ) -> xarray.Dataset:
        import xarray

        problem = dict(self.problem)
        spectrum, tau1, tau2 = read_data(self.spectrum, problem.get("tau1"), problem.get("tau2"))
        problem |= {key: x for key, x in (("tau1", tau1), ("tau2", tau2)) if key in problem}
        points = Points(part, self.own, problem)
        judge = FamilyJudge(self.build, self._program(), spectrum, self.coupling, self.device)
        judged = Map(judge, points, judge.judge(points, advance), targets)
        shape = [len(values) for values in part.values()]
        dims = tuple(part)
        variables: dict[str, Any] = {}
        for name, quantity in self.variables.items():
            values = quantity.values(judged)
            if quantity.is_of_target and self.of_target:
                values = values.reshape([len(targets), *shape])
                variables[name] = (self.of_target, *dims), values, quantity.attributes
            else:
                variables[name] = dims, values.reshape(shape), quantity.attributes
        places = {name: [to_float(value) for value in values] for name, values in part.items()}
        return xarray.Dataset(variables, coords=places)

    def _program(self) -> Compiled | None:
        """Return the family as a program, the same one for all slices that share it."""
        if not self.is_compiled or not self.own:
            return None
        if self.build not in self._programs:
            samples = {name: self.axes[name] for name in self.own}
            self._programs[self.build] = family_program(self.build, samples)
        return self._programs[self.build]
