"""What a dataset says about what was computed: enough to compute it again, and to tell it apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from sgdmem._version import __version__
from sgdmem.phase_diagrams.maps.varying_problem import Axes, VaryingProblem
from sgdmem.phase_diagrams.stores.digests import axis_digest, digest, number_digest
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Build, Family
from sgdmem.symbolic.algorithms.general_member import general_member
from sgdmem.symbolic.algorithms.parameters import known_parameter
from sgdmem.symbolic.errors import InputError, SgdmemError
from sgdmem.symbolic.files.versions import versions_of

if TYPE_CHECKING:
    from sgdmem.phase_diagrams.maps.question import DiagramQuestion

_LIBRARIES = ("numpy", "numba", "scipy", "sympy", "python-flint")
_ALONG = 50  # points of each axis by which families are told apart
_LONGEST = 2000  # characters of a definition
OF_THE_DATA = (  # attributes of a dataset that are no settings of a problem
    "display_name",
    "sgdmem_version",
    "versions",
    "definition",
    "spectrum_digest",
    "target",
    "logarithmic",
    "log1m",
    "tolerance",
    "x",
    "y",
)


def describe(
    family: Family[...],
    problem: VaryingProblem,
    settings: Mapping[str, Any],
    axes: Axes,
) -> dict[str, str]:
    """Return in words what was computed, for the attributes of a dataset.

    Parameters
    ----------
    family
        Of the parameters that vary.
    settings
        The batch size, and the parameters of the family that have values.
    axes
        All parameters that vary.
    """
    definition = _definition(family)
    if definition is not None and len(definition) > _LONGEST:
        definition = None
    return {
        "algorithm": family.name,
        "display_name": family.display_name,
        **({} if definition is None else {"definition": definition}),
        **problem.attributes(axes),
        **{key: _told(value) for key, value in settings.items() if key not in axes},
        **made_by(),
    }


def _told(value: Any) -> str:
    """Return a value as people write it: the members of a list are without quotes, too."""
    return f"[{', '.join(map(_told, value))}]" if isinstance(value, (list, tuple)) else str(value)


def made_by() -> dict[str, str]:
    """Return the versions of what computed a dataset."""
    return {"sgdmem_version": __version__, "versions": versions_of(*_LIBRARIES)}


def _definition(family: Family[...]) -> str | None:
    """Return the matrices of a family, whatever the order of its axes; None without symbols."""
    try:
        found = general_member(family.varying(sorted(family.parameters), {}))
    except InputError:
        return None
    return ", ".join(
        f"{field} = {_written(getattr(found, field))}" for field in ("alpha", "b", "c", "D", "a")
    )


def _written(entry: Any) -> str:
    if isinstance(entry, tuple):
        return f"[{', '.join(map(_written, entry))}]"
    return str(entry)


def own_labels(family: Family[...]) -> dict[str, str]:
    r"""Return what parameters are called at axes where their letters are a family's own.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.families_by_name import find_family
    >>> own_labels(find_family("snag"))["label_learning_rate"]
    'learning rate $\\eta$'
    >>> own_labels(find_family("heavy-ball"))
    {}
    """
    return {
        f"label_{name}": parameter.label
        for name, parameter in family.parameters.items()
        if parameter.label != known_parameter(name).label
    }


def identify(question: DiagramQuestion, attributes: Mapping[str, str]) -> dict[str, str]:
    """Return what tells a diagram from all others, by catchwords that people know.

    All numbers count exactly. Versions of other libraries do not count: a map may outlive an
    update.
    """
    axes, own = question.axes, question.own
    found = {"algorithm": attributes["algorithm"]}
    found |= question.problem.identity(axes)
    found["sgdmem_version"] = attributes["sgdmem_version"]
    found["axes"] = ", ".join(axes)
    for name, values in axes.items():
        found[f"axis {name}"] = axis_digest(values)
    found["definition"] = digest(_definition(question.family) or "")
    found["algorithms"] = family_digest(question.family, {name: axes[name] for name in own})
    if "batch_size" not in axes:
        found["batch_size"] = number_digest(question.batch_size)
    sums = ["verdicts only"] if question.verdicts_only else []
    found["quantities"] = ", ".join([*sums, *sorted(question.quantities)])
    return found


def family_digest(build: Build, axes: Mapping[str, Sequence[Any]]) -> str:
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


def _at(build: Build, point: Mapping[str, Any]) -> str:
    try:
        found = build(**point)
    except SgdmemError as error:
        return str(error)
    return repr(found) if isinstance(found, Algorithm) else ""
