"""What the page of a paper has of its own: methods in its letters, its problem in JavaScript."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sympy import jscode, sympify

from sgdmem.phase_diagrams.explorer.methods import ExploredMethod, Slider, explored_methods
from sgdmem.phase_diagrams.systems.live_systems import AlikeModes, LiveSystem

_FUNCTIONS = {"expm1": "Math.expm1", "log1p": "Math.log1p"}


def system_methods(
    system: LiveSystem, methods: Any, ranges: Mapping[str, Any]
) -> tuple[ExploredMethod, ...]:
    """Return the methods of a paper's page, or others on it, with its letters and values."""
    given = list(system.methods.values()) if methods is None else methods
    known = {**system.ranges, **ranges}
    found = explored_methods(given, known, system.symbols, optional=system.ranges)

    def begun(slider: Slider) -> Slider:
        start = system.values.get(slider.name, slider.value)
        return slider if slider.name in ranges else replace(slider, value=start)

    def named(method: ExploredMethod, title: str) -> ExploredMethod:
        own = "" if method.command or methods is not None else "sgdmem.systems."
        sliders = tuple(map(begun, method.parameters))
        summary = system.notes.get(title, method.summary)
        call = own + method.call
        return replace(method, title=title, summary=summary, parameters=sliders, call=call)

    titles = list(system.methods) if methods is None else [method.title for method in found]
    return tuple(map(named, found, titles))


def system_javascript(system: LiveSystem, methods: tuple[ExploredMethod, ...]) -> str:
    """Return the object ``MODEL`` of the page: its words, its sliders and its problem."""
    names = {method.title: method.name for method in methods}
    said = {
        "batch_size": _range(system.ranges["batch_size"]),
        "beside": names.get(system.beside or ""),
        "hidden": list(system.hidden),
    }
    problems = [_problem(title, problem) for title, problem in system.problems.items()]
    entries = [f"{key}: {_json(value)}" for key, value in said.items()]
    entries += [f"rows: {_functions(system.rows)}", f"lines: {_functions(system.lines)}"]
    entries.append(f"problems: [{', '.join(problems)}]")
    return f"{{{', '.join(entries)}}}".replace("</", "<\\/")


def _functions(expressions: Mapping[str, Any]) -> str:
    """Return triples of words, what a function needs to know, and the function."""
    found = []
    for label, given in expressions.items():
        names = sorted(map(str, given.free_symbols))
        function = f"({{{', '.join(names)}}}) => {_code(given)}"
        found.append(f"[{_json(label)}, {_json(names)}, {function}]")
    return f"[{', '.join(found)}]"


def _problem(title: str, problem: AlikeModes) -> str:
    sliders = {name: asdict(quantity) for name, quantity in problem.quantities.items()}
    said = {"title": title, "said": problem.said, "call": problem.call, "sliders": sliders}
    parts = {name: getattr(problem, name) for name in ("eigenvalue", "count", "tau1", "tau2")}
    mode = f"({{{', '.join(f'{name}: {_code(value)}' for name, value in parts.items())}}})"
    modes = f"[{mode}]"
    if problem.shares is not None:
        count, weight = map(_code, problem.shares)
        modes = f"probabilities({count}, (k) => {weight}).map((probability) => {mode})"
    entries = [f"{key}: {_json(value)}" for key, value in said.items()]
    entries.append(f"modes: ({{{', '.join(problem.quantities)}}}) => {modes}")
    return f"{{{', '.join(entries)}}}"


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _code(expression: Any) -> str:
    return str(jscode(sympify(expression), user_functions=_FUNCTIONS))


def _range(given: Any) -> dict[str, Any]:
    low, high, *log = given
    return {"low": low, "high": high, "log": bool(log)}
