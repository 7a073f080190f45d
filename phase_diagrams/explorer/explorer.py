"""The explorer: one HTML page that maps stability live, without a network.

The page computes with JavaScript that is generated from the same programs as the machine code here
(`sgdmem.numeric.exported_code.javascript`); what is common to all methods (sums over a spectrum,
maps, pictures) is in the folder ``page``.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgdmem._version import __version__
from sgdmem.numeric.judges.stability_rule import javascript_rule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.phase_diagrams.explorer.methods import ExploredMethod, explored_methods
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import marked_page
from sgdmem.symbolic.files.whole_files import write_bytes

if TYPE_CHECKING:
    from sgdmem.numeric.problems.problem import Problem
    from sgdmem.phase_diagrams.systems.live_systems import LiveSystem

_COMPUTATION = ("spectrum", "roots", "drawn", "verdict", "map", "losses", "worker")
_INTERFACE = (
    *("state", "plots", "map_view", "picture", "details", "derivation", "side", "controls", "page"),
)
_USUAL = "heavy-ball"  # the method of a page for which none were named
_MOST_LISTED = 400  # eigenvalues that the page holds; more are compressed
_POINTS = (8, 12)  # of the Gauss rules that the page uses
_SHADES = 128
_BATCH_SIZE = 32
_REFERENCE = "arXiv 2410.04228"


@dataclass(frozen=True, repr=False)
class Explorer:
    """A page to be saved or served.

    Attributes
    ----------
    methods : tuple of ExploredMethod
    start : dict
        The problem that the page begins with.
    derivations : bool
        Whether the page holds the methods' derivations.
    system : LiveSystem or None
        The paper whose problem the page has.

    Examples
    --------
    >>> import sgdmem
    >>> page = sgdmem.explore("sgd", derivations=False)
    >>> page.html.startswith("<!DOCTYPE html>"), "http://" in page.html
    (True, False)
    """

    methods: tuple[ExploredMethod, ...]
    start: Mapping[str, Any]
    derivations: bool = True
    system: LiveSystem | None = None

    def __repr__(self) -> str:
        return f"Explorer({', '.join(method.name for method in self.methods)})"

    @cached_property
    def html(self) -> str:
        """The whole page as text; its derivations are made and checked, of named methods once."""
        from sgdmem.phase_diagrams.explorer.derivations import STYLE, packed_derivations

        parts = {
            "style": STYLE + _read("page.css"),
            "derivations": _json(
                packed_derivations(self.methods, self._letters) if self.derivations else {}
            ),
            "computation": self.computation,
            "interface": "\n".join(_read(f"{name}.js") for name in _INTERFACE),
            "version": html.escape(__version__),
            "reference": html.escape(_REFERENCE if self.system is None else self.system.reference),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], _read("page.html"))

    @cached_property
    def computation(self) -> str:
        """The part of the page that computes, which also runs outside of browsers."""
        from sgdmem.phase_diagrams.explorer.system_page import system_javascript

        families = ",\n".join(method.javascript for method in self.methods)
        system = self.system
        model = "null"
        if system is not None and system.problems:
            model = system_javascript(system, self.methods)
        return "\n".join(
            [
                '"use strict";',
                f"const TABLES = {_json(_tables())};",
                f"const START = {_json(self.start)};",
                f"const MODEL = {model};",
                javascript_rule(),
                f"const FAMILIES = [\n{families}\n];",
                *(_read(f"{name}.js") for name in _COMPUTATION),
            ]
        )

    @property
    def _letters(self) -> Mapping[str, str]:
        return {} if self.system is None else self.system.symbols

    def save(self, path: Any) -> None:
        """Write the page to a file that ends in .html.

        Raises
        ------
        InputError
            For another ending.
        """
        path = Path(path)
        if path.suffix != ".html":
            raise InputError(f"path must end in .html, got {shown(str(path))}")
        write_bytes(path, marked_page(self.html.encode()))

    def serve(self, port: int = 0) -> None:
        """Serve the page on this machine alone until it is interrupted, and print its address.

        Parameters
        ----------
        port : int
            0: any free one.

        Raises
        ------
        InputError
            For a port that is not from 0 to 65535, or not free.
        """
        from sgdmem.phase_diagrams.explorer.server import require_port, serve_page

        require_port(port)  # before the page is made, which takes longer
        serve_page(self.html, port)


def explore(
    methods: Any = None,
    problem: Any = None,
    batch_size: Any = None,
    *,
    system: str | None = None,
    ranges: Mapping[str, Sequence[Any]] | None = None,
    derivations: bool = True,
) -> Explorer:
    """Return a page on which parameters are sliders, and the map of stability follows them.

    Parameters
    ----------
    methods : name, function, Algorithm, or list of these, optional
        Command-line names, functions of named parameters that return an `Algorithm`, or algorithms
        with symbols. All that have a name if omitted.
    problem : Problem, Spectrum or array of shape (n, d), optional
        What the page begins with; the exponent and the length of a power law, tau1 and tau2 are
        sliders, a list of eigenvalues (up to 400 as they are, more of them compressed) is fixed.
        On data the page decides with exact radii for drawing the rows, interpolated between the
        points of a grid of each method's parameters, up to two of them; by default for SGD, heavy
        ball and Nesterov. With ``drop_last=False`` the batch size is fixed. The power law k^-1.5 if
        omitted.
    batch_size : number, optional
        What its slider begins with: 32, or as the system has it.
    system : str, optional
        A paper, in place of a problem: "stochastic-edge", "marginal-momentum", "sparse-momentum",
        "mem-sgd" or "dana" (frozen at a step). The page has its problem with sliders, its methods
        unless others are given, and its letters.
    ranges : dict
        From names of parameters to ``(low, high)`` or ``(low, high, "log")``, for their sliders.
    derivations : bool
        Whether the page holds the derivation of each method. Making one takes some tenths of a
        second.

    Returns
    -------
    Explorer
        With ``save(path)`` and ``serve(port)``.

    Raises
    ------
    InputError
        If an argument is not in its domain, and for a problem beside a system.

    Examples
    --------
    >>> print(explore(system="mem-sgd"))
    Explorer(as_stable_as_rand_k, sgd)
    >>> from sgdmem import nesterov
    >>> from sgdmem.methods import averaging
    >>> def slow_average(learning_rate, momentum, rate):
    ...     return averaging(nesterov(learning_rate, momentum), rate)
    >>> explore(slow_average).save("explorer.html")  # doctest: +SKIP
    """
    from sgdmem.numeric.problems.problem import (
        USUAL_EXPONENT,
        Problem,
        as_problem,
        require_no_weight_decay,
    )

    ranges = {} if ranges is None else ranges
    if system is not None:
        if problem is not None:
            raise InputError("problem is chosen by the system: give one of them")
        from sgdmem.phase_diagrams.systems.live_systems import live_system

        return _of_system(live_system(system), methods, batch_size, ranges, derivations)
    batch_size = _BATCH_SIZE if batch_size is None else batch_size
    given = Problem.power_law(USUAL_EXPONENT) if problem is None else as_problem(problem)
    require_no_weight_decay(given, "the explorer")
    if given.noise.samples is None:
        chosen = explored_methods(methods, ranges)
        start = {**_start(given, batch_size), "method": _USUAL if methods is None else ""}
        return Explorer(chosen, start, derivations)
    from sgdmem.phase_diagrams.explorer.drawn_samples import (
        drawn_samples,
        usual_methods,
        with_rates,
    )

    noise = given.noise.at(batch_size)
    asked = usual_methods(noise) if methods is None else methods
    asked = list(asked) if isinstance(asked, list | tuple) else [asked]
    chosen = with_rates(explored_methods(asked, ranges), given, ranges)
    drawn = drawn_samples(asked, chosen, given, noise)
    start = {**_start(Problem(given.spectrum), batch_size), "drawn": drawn}
    start["method"] = _USUAL if methods is None else ""
    return Explorer(chosen, start, derivations)


def _of_system(
    system: LiveSystem,
    methods: Any,
    batch_size: Any,
    ranges: Mapping[str, Sequence[Any]],
    derivations: bool,
) -> Explorer:
    from sgdmem.numeric.problems.problem import Problem
    from sgdmem.numeric.problems.target import PowerLawTarget
    from sgdmem.phase_diagrams.explorer.system_page import system_methods

    chosen = system_methods(system, methods, ranges)
    size = system.values["batch_size"] if batch_size is None else batch_size
    given = system.start or Problem(Spectrum([1]))  # which the sliders replace
    start = {**_start(given, size), "method": chosen[0].name, "axes": system.axes}
    if isinstance(given.target, PowerLawTarget):
        start["zeta"] = given.target.exponent
    start |= {"title": system.title, "reference": system.reference}
    return Explorer(chosen, start, derivations, system)


def _start(given: Problem, batch_size: Any) -> dict[str, Any]:
    from sgdmem.symbolic.algebra.scalars import to_float

    spectrum, noise = given.spectrum, given.noise.at(batch_size)
    if noise.label_variance:
        raise InputError(
            "noise must be without label_variance for the explorer: stability does not depend on "
            "it, and the losses of the page do not know it"
        )
    if noise.by_mode:
        raise InputError("noise must be tau1 and tau2, two numbers, for the explorer")
    return {
        "spectrum": _embedded(spectrum),
        "batch_size": None if noise.is_quiet else noise.batch_size,
        "tau1": to_float(noise.tau1),
        "tau2": to_float(noise.tau2),
        "zeta": 0.5 if spectrum.law is not None else 1.0,
    }


def _embedded(spectrum: Spectrum) -> dict[str, Any]:
    law = spectrum.law
    if law is not None:
        return {"nu": law.exponent, "scale": law.scale, "count": law.count}
    nodes = spectrum
    if len(spectrum) > _MOST_LISTED:
        compressed = spectrum.compress()
        nodes = Spectrum(compressed.nodes, compressed.weights)
    order = nodes.eigenvalues.argsort()[::-1]
    code = 'sgdmem.Spectrum.load("FILE")'
    if len(spectrum) <= 8:
        weights = spectrum.weights.tolist()
        shown = "" if set(weights) == {1.0} else f", weights={weights}"
        code = f"sgdmem.Spectrum({spectrum.eigenvalues.tolist()}{shown})"
    return {
        "listed": True,
        "eigenvalues": nodes.eigenvalues[order].tolist(),
        "weights": nodes.weights[order].tolist(),
        "code": code,
    }


def _tables() -> dict[str, Any]:
    """Everything that the page takes from the library as data: rules, colours, words."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    from sgdmem.numeric.judges.reason import Reason
    from sgdmem.numeric.spectra.euler_maclaurin import end_correction
    from sgdmem.numeric.spectra.power_law_quadrature import legendre_rule
    from sgdmem.phase_diagrams.pictures.map_colours import BRIGHTEST

    offsets, weights = end_correction()
    rules = {points: legendre_rule(points) for points in _POINTS}
    return {
        "end_offsets": offsets.tolist(),
        "end_weights": weights.tolist(),
        "legendre": {
            points: {"nodes": x.tolist(), "weights": w.tolist()} for points, (x, w) in rules.items()
        },
        "palette": [to_hex(x) for x in colormaps["viridis"](np.linspace(0, BRIGHTEST, _SHADES))],
        "reasons": {reason.value: reason.explanation for reason in Reason},
        "stable": {reason.value: reason.stable for reason in Reason},
        "labels": {reason.value: reason.label for reason in Reason},
    }


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _read(name: str) -> str:
    return (files("sgdmem.phase_diagrams.explorer") / "page" / name).read_text(encoding="utf-8")
