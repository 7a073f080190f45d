"""Phase diagrams: the verdict, and more, over two or three parameters."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from sgdmem._version import __version__
from sgdmem.numeric.batch import Build, Compiled, FamilyJudge
from sgdmem.numeric.cuda import Device, chosen_device
from sgdmem.numeric.family_program import family_program
from sgdmem.numeric.given_numbers import number
from sgdmem.numeric.map_points import Points
from sgdmem.numeric.problem import is_infinite, read_data
from sgdmem.numeric.progress import shown_progress
from sgdmem.phase_diagrams.quantities import Map, Quantity, find_quantities
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.families import Family, with_fixed
from sgdmem.symbolic.named import find_family
from sgdmem.symbolic.scalars import to_float

if TYPE_CHECKING:
    import xarray

MOST_POINTS = 10**7  # of a diagram: each is an exact algorithm in memory
PROBLEM_PARAMETERS = ("batch_size", "tau1", "tau2")
_WORTH_COMPILING = 1000  # points
_RESULTS = {
    "stable": {"flag_values": [-1, 0, 1], "flag_meanings": "undecided unstable stable"},
    "noise_sum": {"long_name": "noise sum U'_Sigma", "units": "1"},
    "margin": {"long_name": "min(1 - U'_Sigma, min_k 1 + (tau2/B) s_k)", "units": "1"},
}

Axis = tuple[str, Iterable[Any]]


def phase_diagram(
    family: Family | str,
    x: Axis,
    y: Axis,
    *,
    spectrum: Any,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
    coupling: Any = None,
    panels: Axis | None = None,
    quantities: Sequence[str] = (),
    device: Device = "cpu",
    progress: bool = False,
    **fixed: Any,
) -> xarray.Dataset:
    """Judge a family over two of its parameters.

    Parameters
    ----------
    family : function or str
        A constructor such as `heavy_ball`, any function of named parameters that returns an
        `Algorithm`, or a command-line name. Maps of 1000 points or more are compiled if it accepts
        symbols; the first map of a memory takes some seconds for that. It may do something special
        at single values (0, 1, -1, 2, the ends of the axes, and those that it compares a parameter
        with by ``==`` or ``in``); at all others it must be one formula.
    x, y : (name, values)
        The two parameters and their values, in any order; ``batch_size``, ``tau1`` and ``tau2`` may
        be parameters too.
    spectrum : Spectrum, array of shape (n, d), or function
        Eigenvalues of the Hessian, or a matrix of n feature vectors, see `sgdmem.stability`. A
        function of one parameter returns them for each of its values; this parameter is one of
        ``x``, ``y`` and ``panels``.
    batch_size, tau1, tau2, coupling
        See `sgdmem.stability`.
    panels : (name, values), optional
        A third parameter, which makes a series of maps.
    quantities : sequence of str
        What is to be found beside the verdict: "reason", "effective_learning_rate",
        "critical_eigenvalue", "critical_batch_size".
    device : "cpu", "cuda" or "auto"
        Where maps of 1000 points or more are computed; "auto" takes a GPU if Numba finds one.
    progress : bool
        Show a progress bar on stderr.
    **fixed
        The family's other parameters.

    Returns
    -------
    xarray.Dataset
        Dimensions (y, x) or (panels, y, x) named by the parameters, with the exact values passed;
        variables ``stable`` (int8: 1 stable, 0 not, -1 undecided), ``noise_sum`` (inf where the
        noiseless part is unstable) and ``margin`` (the smaller of 1 - noise_sum and the least
        1 + (tau2/B) s; -inf where the noiseless part is unstable), and the quantities: ``reason``
        as the place in its attribute ``flag_meanings``, which lists the `Reason` names, the others
        as floats (nan where an effective learning rate does not exist).

    Raises
    ------
    InputError
        If the family or a parameter is unknown or missing, a value is not in its domain, there are
        more than 10**7 points, or ``device="cuda"`` finds no GPU.

    Examples
    --------
    >>> from sgdmem.numeric.spectrum import Spectrum
    >>> diagram = phase_diagram(
    ...     "heavy-ball",
    ...     ("learning_rate", [0.1, 1, 10]),
    ...     ("momentum", [0, 0.9]),
    ...     spectrum=Spectrum([1, 0.5]),
    ...     batch_size=8,
    ... )
    >>> diagram.stable.values
    array([[1, 1, 0],
           [1, 0, 0]], dtype=int8)

    Steeper power laws and larger batches let the learning rate grow:

    >>> series = phase_diagram(
    ...     "sgd",
    ...     ("learning_rate", [0.5, 1]),
    ...     ("nu", [1.2, 2]),
    ...     spectrum=lambda nu: Spectrum.power_law(nu),
    ...     panels=("batch_size", [1, 4]),
    ... )
    >>> series.stable.sel(batch_size=1).values
    array([[0, 0],
           [1, 0]], dtype=int8)
    """
    constructor = find_family(family)
    chosen = find_quantities(quantities)
    axes = _read_axes(x, y, panels, {*_RESULTS, *chosen})
    varied = _spectrum_parameter(spectrum, axes)
    if varied is None:  # data are summed up once
        spectrum, tau1, tau2 = read_data(spectrum, tau1, tau2)
    own = [name for name in axes if name not in PROBLEM_PARAMETERS and name != varied]
    problem = {"batch_size": batch_size, "tau1": tau1, "tau2": tau2}
    size = math.prod(map(len, axes.values()))
    looped = [name for name in axes if name == varied or (panels and name == panels[0])]
    with shown_progress("judging", size, progress) as advance:
        work = _Work(
            with_fixed(constructor, fixed, own),
            spectrum,
            varied,
            {key: value for key, value in problem.items() if key not in axes},
            coupling,
            chosen_device(device),
            chosen,
            advance,
            size >= _WORTH_COMPILING,
        )
        diagram = work.dataset(axes, looped)
    diagram = diagram.transpose(*axes)
    for name in axes:
        diagram[name].attrs["long_name"] = name.replace("_", " ")
    diagram.attrs = describe(family, spectrum, problem, fixed, axes)
    return diagram


@dataclass(frozen=True)
class _Work:
    """What is asked at every point of a diagram.

    Some of the parameters may have values already: ``build``, ``spectrum`` and ``problem`` are
    those of a slice then.
    """

    build: Build
    spectrum: Any
    varied: str | None  # the parameter of a spectrum that is a function
    problem: Mapping[str, Any]
    coupling: Any
    device: Literal["cpu", "cuda"]
    quantities: Mapping[str, Quantity]
    advance: Callable[[int], None]
    is_compiled: bool
    programs: dict[Build, Compiled | None] = field(default_factory=dict)

    def dataset(self, axes: dict[str, list[Any]], looped: Sequence[str]) -> xarray.Dataset:
        """Return the results over axes, slice by slice along those that are looped over."""
        import xarray

        if not looped:
            return self._judged(axes)
        name, *rest = looped
        inner = {key: values for key, values in axes.items() if key != name}
        slices = [self._at(name, value).dataset(inner, rest) for value in axes[name]]
        places = xarray.Variable(name, [to_float(value) for value in axes[name]])
        return xarray.concat(slices, places)

    def _at(self, name: str, value: Any) -> _Work:
        if name == self.varied:
            return replace(self, spectrum=self.spectrum(value), varied=None)
        if name in PROBLEM_PARAMETERS:
            return replace(self, problem={**self.problem, name: value})
        build = self.build
        return replace(self, build=lambda **others: build(**others, **{name: value}))

    def _judged(self, axes: dict[str, list[Any]]) -> xarray.Dataset:
        import xarray

        problem = dict(self.problem)
        spectrum, tau1, tau2 = read_data(self.spectrum, problem.get("tau1"), problem.get("tau2"))
        problem |= {key: x for key, x in (("tau1", tau1), ("tau2", tau2)) if key in problem}
        own = [name for name in axes if name not in PROBLEM_PARAMETERS]
        points = Points(axes, own, problem)
        compiled = self._program({name: axes[name] for name in own})
        judge = FamilyJudge(self.build, compiled, spectrum, self.coupling, self.device)
        outcome = judge.judge(points, self.advance)
        judged = Map(judge, points, outcome)
        fields = {name: (getattr(outcome, name), about) for name, about in _RESULTS.items()}
        for name, quantity in self.quantities.items():
            fields[name] = quantity.values(judged), quantity.attributes
        shape = [len(values) for values in axes.values()]
        return xarray.Dataset(
            {name: (tuple(axes), x.reshape(shape), about) for name, (x, about) in fields.items()},
            coords={name: [to_float(value) for value in values] for name, values in axes.items()},
        )

    def _program(self, samples: dict[str, list[Any]]) -> Compiled | None:
        """Return the family as a program, the same one for all slices that share it."""
        if not self.is_compiled:
            return None
        if self.build not in self.programs:
            self.programs[self.build] = family_program(self.build, samples)
        return self.programs[self.build]


def _read_axes(
    x: Axis, y: Axis, panels: Axis | None, results: Collection[str]
) -> dict[str, list[Any]]:
    """Return the values of all axes by name, the last one running fastest."""
    given = [("panels", panels), ("y", y), ("x", x)]
    read = [(label, *read_axis(label, axis)) for label, axis in given if axis is not None]
    for place, (label, name, _) in enumerate(read):
        for other, known, _ in read[place + 1 :]:
            if name == known:
                raise InputError(
                    f"{other} and {label} must be different parameters, both are {name!r}"
                )
        if name in results:
            raise InputError(f"no parameter of a diagram can be called {name!r}: a result is")
    axes = {name: values for _, name, values in read}
    if math.prod(map(len, axes.values())) > MOST_POINTS:
        shape = " x ".join(str(len(values)) for values in reversed(axes.values()))
        raise InputError(f"a diagram has at most {MOST_POINTS:,} points, got {shape}")
    return axes


def read_axis(label: str, axis: Axis) -> tuple[str, list[Any]]:
    """Return the name and the exact values of an axis.

    Raises
    ------
    InputError
        If it is no such pair, or a value is no number.
    """
    try:
        name, values = axis
        values = list(values)
    except (TypeError, ValueError):
        raise InputError(f"{label} must be a pair (parameter name, values), got {axis!r}") from None
    if not isinstance(name, str) or not values:
        raise InputError(f"{label} needs a parameter name and at least one value, got {axis!r}")
    if name == "batch_size":
        return name, [math.inf if is_infinite(v) else number(v, name) for v in values]
    return name, [number(value, name) for value in values]


def _is_function(spectrum: Any) -> bool:
    return callable(spectrum) and not isinstance(spectrum, type)


def _spectrum_parameter(spectrum: Any, axes: Mapping[str, Any]) -> str | None:
    """Return which axis the spectrum is a function of, or None if it is not a function."""
    if not _is_function(spectrum):
        return None
    parameters = inspect.signature(spectrum).parameters.values()
    names = [p.name for p in parameters if p.default is p.empty]
    if len(names) != 1 or names[0] not in axes or names[0] in PROBLEM_PARAMETERS:
        raise InputError(
            f"spectrum must be a function of one parameter that is an axis and belongs to it "
            f"alone; it is one of {', '.join(names) or 'nothing'}, the axes are {', '.join(axes)}"
        )
    return names[0]


def describe(
    family: Family | str,
    spectrum: Any,
    problem: Mapping[str, Any],
    fixed: Mapping[str, Any],
    axes: Iterable[str],
) -> dict[str, str]:
    """Return in words what was computed, for the attributes of a dataset."""
    text = str(spectrum)
    if _is_function(spectrum):
        text = f"a function of {', '.join(inspect.signature(spectrum).parameters)}"
    name = family if isinstance(family, str) else getattr(family, "__name__", repr(family))
    settings = {**problem, **fixed}
    return {
        "algorithm": name,
        "spectrum": text,
        **{
            key: str(value)
            for key, value in settings.items()
            if key not in axes and value is not None
        },
        "sgdmem_version": __version__,
    }
