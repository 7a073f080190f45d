"""What a dataset says about what was computed: enough to compute it again, and to tell it apart."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import product
from typing import TYPE_CHECKING, Any

from sgdmem._version import __version__
from sgdmem.numeric.arithmetic.inputs import is_list, number
from sgdmem.numeric.problems.noise import is_infinite
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.families import Family, family_name
from sgdmem.symbolic.errors import SgdmemError

if TYPE_CHECKING:
    from sgdmem.phase_diagrams.maps.question import DiagramQuestion

_LIBRARIES = ("numpy", "numba", "scipy", "sympy", "python-flint")
_UNITS = {
    "learning_rate": "1/eigenvalue",
    "effective_learning_rate": "1/eigenvalue",
    "batch_size": "samples",
    **dict.fromkeys(("momentum", "damping", "tau1", "tau2", "nu", "zeta"), "1"),
}
DIGEST = "sha256:"  # how a text begins that only tells data apart
_ALONG = 50  # points of each axis by which families are told apart
_LONGEST = 2000  # characters of a definition
OF_THE_DATA = (  # attributes of a dataset that are no settings of a problem
    "sgdmem_version",
    "versions",
    "definition",
    "spectrum_digest",
    "target",
    "logarithmic",
    "tolerance",
    "x",
    "y",
)


def describe(
    family: Family | str,
    build: Family,
    own: Sequence[str],
    spectrum: Spectrum | str,
    settings: Mapping[str, Any],
    axes: Iterable[str],
) -> dict[str, str]:
    """Return in words what was computed, for the attributes of a dataset.

    Parameters
    ----------
    family
        Or its name.
    build
        The family as a function of its parameters that vary.
    own
        The names of these.
    spectrum
        A Spectrum, or words.
    settings
        What does not vary: parameters of the family and of the problem.
    axes
        The names of all parameters that vary.
    """
    if isinstance(spectrum, Spectrum):
        text, exact = str(spectrum), {"spectrum_digest": spectrum_digest(spectrum)}
    else:
        text, exact = spectrum, {}
    definition = _definition(build, own)
    if definition is not None and len(definition) > _LONGEST:
        definition = None
    return {
        "algorithm": family if isinstance(family, str) else family_name(family),
        **({} if definition is None else {"definition": definition}),
        "spectrum": text,
        **exact,
        **{
            key: str(value)
            for key, value in settings.items()
            if key not in axes and value is not None
        },
        "sgdmem_version": __version__,
        "versions": ", ".join(f"{library} {version(library)}" for library in _LIBRARIES),
    }


def varying_spectrum(spectrum: Callable[[Any], Any], values: Sequence[Any]) -> str:
    """Return words for a spectrum that is a function of an axis."""
    first, last = (str(spectrum(values[place])) for place in (0, -1))
    what, power, _ = first.partition(" k^")
    if power and last.startswith(what + power):  # both are power laws
        last = last.removeprefix(f"{what} ")
    return f"{first} to {last}"


def _definition(build: Family, own: Sequence[str]) -> str | None:
    """Return the matrices of a family, None if it takes no symbols."""
    from sympy import Symbol

    try:
        found = build(**{name: Symbol(name, real=True) for name in own})
    except (SgdmemError, TypeError, AttributeError, ValueError, ArithmeticError, LookupError):
        return None
    return ", ".join(
        f"{field} = {_written(getattr(found, field))}" for field in ("alpha", "b", "c", "D", "a")
    )


def _written(entry: Any) -> str:
    if isinstance(entry, tuple):
        return f"[{', '.join(map(_written, entry))}]"
    return str(entry)


def spectrum_digest(spectrum: Spectrum) -> str:
    """Return a short text that two spectra share only if they are the same to the last bit."""
    if spectrum.law is not None:
        return repr(spectrum.law)
    parts = (spectrum.eigenvalues, spectrum.radii, spectrum.weights)
    return digest(*(part.tobytes() for part in parts))


def digest(*parts: bytes | str) -> str:
    """Return what tells some data from others."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return f"{DIGEST}{found.hexdigest()[:32]}"


def axis_attributes(name: str) -> dict[str, str]:
    """Return what a dataset says of an axis; the units of a family's own parameters are unknown."""
    known = {"long_name": name.replace("_", " ")}
    return known if name not in _UNITS else {**known, "units": _UNITS[name]}


def identify(question: DiagramQuestion, attributes: Mapping[str, str]) -> dict[str, str]:
    """Return what tells a diagram from all others, by catchwords that people know.

    All numbers count exactly. Versions of other libraries do not count: a map may outlive an
    update.
    """
    axes, own = question.axes, question.own
    names = ("algorithm", "spectrum", "spectrum_digest", "target", "sgdmem_version")
    found = {name: attributes[name] for name in names if name in attributes}
    found["axes"] = ", ".join(axes)
    for name, values in axes.items():
        found[f"axis {name}"] = axis_digest(values)
    found["definition"] = digest(_definition(question.build, own) or "")
    found["algorithms"] = family_digest(question.build, {name: axes[name] for name in own})
    for label, given, axis in (
        ("spectrum", question.spectrum, question.of_spectrum),
        ("target", question.target, question.of_target),
    ):
        if axis is not None:
            found[f"{label} along {axis}"] = digest(*map(_exactly, map(given, axes[axis])))
    for name, value in question.problem.items():
        found[name] = _exact_numbers(value)
    if question.coupling is not None:
        found["coupling"] = digest(_exact_numbers(question.coupling))
    found["quantities"] = ", ".join(sorted(question.quantities))
    return found


def _exact_numbers(given: Any) -> str:
    """Return a number, or all numbers of a list or matrix, as they are."""
    if is_list(given):
        return digest(*(_exact_numbers(x) for x in given))
    return str(given if given is None or is_infinite(given) else number(given, "a number"))


def _exactly(given: Any) -> str:
    """Return what tells a spectrum, a matrix of features, or a target from others."""
    if isinstance(given, Spectrum):
        return spectrum_digest(given)
    return digest(given.tobytes()) if hasattr(given, "tobytes") else repr(given)


def axis_digest(values: Iterable[Any]) -> str:
    """Return what tells the exact values of an axis from others."""
    return digest(" ".join("inf" if value == math.inf else str(value) for value in values))


def family_digest(build: Family, axes: Mapping[str, Sequence[Any]]) -> str:
    """Return what tells a family from others that say the same of themselves.

    It is made of the exact algorithms at the corners of the axes, and at some points along each
    axis through the middle of the others.
    """
    corners = product(*(dict.fromkeys((values[0], values[-1])) for values in axes.values()))
    points = [dict(zip(axes, corner, strict=True)) for corner in corners]
    middle = {name: values[len(values) // 2] for name, values in axes.items()}
    for name, values in axes.items():
        step = -(-len(values) // _ALONG)
        points += [{**middle, name: value} for value in values[::step]]
    return digest(*(_at(build, point) for point in points))


def _at(build: Family, point: Mapping[str, Any]) -> str:
    try:
        found = build(**point)
    except SgdmemError as error:
        return str(error)
    return repr(found) if isinstance(found, Algorithm) else ""
