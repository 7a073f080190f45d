"""The programs of an algorithm as JavaScript: what a page computes with.

Every function is lowered from the straight-line programs that the Python side compiles: parameters
to coefficients, the Routh-Astrom recursion, and one step of the second moments. Nothing is written
twice, so that a page and the library cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.numeric.exported_code.plain_parameters import stable_somewhere, with_plain_parameters
from sgdmem.numeric.moments.moment_program import moment_pairs, step_program
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import UndefinedError
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.summand_program import (
    EIGENVALUE,
    NO_SHRINK,
    coefficient_names,
    coefficient_program,
    expression_program,
    recursion_of,
)

_MODE = (EIGENVALUE, "drive", "damping")  # what a step of the moments has for each mode
_EACH_MODE = "for (let k = 0; k < lam.length; k++)"


def javascript_functions(algorithm: Algorithm) -> str:
    """Return an object literal of functions that compute what follows from an algorithm.

    ``p`` is the array of its parameters, in alphabetical order. The members are

    - ``memory``, ``shifted``: whether the gradient is taken elsewhere than at w,
    - ``describe(p)``: its entries, ``P`` and ``Q`` (lowest power first), and
      ``effective_learning_rate``,
    - ``coefficients(p)``: the half-plane form, `coefficient_names`,
    - ``summand(lam, c)``: ``s`` at an eigenvalue, the same ``at_w``, and the ``pivots``, all
      positive exactly where the noiseless method is stable,
    - ``sums(c, lam, weights, share, found)``: the sums of ``s / (1 + share s)`` over a spectrum at
      the gradient's point and at w into ``found``, with the smallest ``1 + share s``; returns 0, or
      1 where a mode is unstable by itself, or 2 where 1 + share s <= 0, and then the number of the
      mode is in ``found``,
    - ``advance(e, lam, drives, damping, masses, state, noise)``: one step of the second moments of
      all modes in place; returns the sums of masses times (M)_00 and times <rr^T, M> after it.

    Parameters
    ----------
    algorithm : Algorithm
        Its symbols are the parameters.

    Raises
    ------
    InputError
        For an entry that is not a rational function of the symbols, or an algorithm that is stable
        nowhere.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sgdmem import sgd
    >>> print(javascript_functions(sgd(Symbol("learning_rate"))).splitlines()[6].strip())
    return {entries: [v_p0], P: [(-1.0), 1.0], Q: [t3], effective_learning_rate: v_p0};
    """
    named, symbols = with_plain_parameters(algorithm)
    parameters, shifted = [*symbols], named.half_plane_form.shifted
    with stable_somewhere(algorithm):
        require_no_shrink(named, NO_SHRINK)
        coefficients = coefficient_program(named, parameters)
        recursion = recursion_of(coefficients, named.memory, shifted)
    members = [
        [f"memory: {named.memory}", f"shifted: {str(shifted).lower()}"],
        _describe(named, parameters),
        _function(
            "coefficients",
            "p",
            _arrays({"p": parameters}, coefficients),
            coefficients,
            f"return [{', '.join(plain_outputs(coefficients))}];",
        ),
        _summand(recursion, named.memory, shifted),
        _sums(recursion, named.memory, shifted),
        _advance(named),
    ]
    lines = [line for first, *rest in _separated(members) for line in (first, *rest)]
    return "\n".join(["{", *(f"  {line}" for line in lines), "}"])


def _separated(members: Sequence[list[str]]) -> Iterable[list[str]]:
    flat = [*([line] for line in members[0]), *members[1:]]
    for member, following in pairwise([*flat, []]):
        yield [*member[:-1], member[-1] + ("," if following else "")]


def _function(
    name: str, arguments: str, loads: Iterable[str], program: Program, *ending: str
) -> list[str]:
    lines = [*loads, *_constants(program, range(len(program.steps))), *ending]
    return _block(f"{name}({arguments})", lines)


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *(f"  {line}" for line in lines), "}"]


def _constants(program: Program, steps: Iterable[int]) -> list[str]:
    return [f"const {line};" for line in plain_lines(program, steps)]


def _arrays(arrays: Mapping[str, Sequence[str]], *programs: Program) -> list[str]:
    """Return lines that take the inputs of programs from arrays."""
    used = {name for program in programs for name in program.inputs}
    return [
        f"const {variable(name)} = {array}[{place}];"
        for array, names in arrays.items()
        for place, name in enumerate(names)
        if name in used
    ]


def _describe(algorithm: Algorithm, parameters: Sequence[str]) -> list[str]:
    """Entries, P and Q, and the effective learning rate, as a function of the parameters."""
    found = algorithm.polynomials
    try:
        rate = [algorithm.effective_learning_rate]
    except UndefinedError:
        rate = []
    groups: dict[str, Sequence[Any]] = {"entries": algorithm.entries, "P": found.P, "Q": found.Q}
    groups["effective_learning_rate"] = rate
    program = expression_program([x for group in groups.values() for x in group], parameters)
    outputs = iter(plain_outputs(program))
    parts = {name: [next(outputs) for _ in group] for name, group in groups.items()}
    (last,) = parts.pop("effective_learning_rate") or ["NaN"]
    shown = [f"{name}: [{', '.join(values)}]" for name, values in parts.items()]
    result = f"return {{{', '.join([*shown, f'effective_learning_rate: {last}'])}}};"
    return _function("describe", "p", _arrays({"p": parameters}, program), program, result)


def _results(recursion: Program, shifted: bool) -> tuple[str, str, list[str]]:
    """Return what s / lambda, the same at w, and the pivots are called."""
    share, *rest = plain_outputs(recursion)
    at_w, *pivots = rest if shifted else [share, *rest]
    return share, at_w, pivots


def _summand(recursion: Program, memory: int, shifted: bool) -> list[str]:
    share, at_w, pivots = _results(recursion, shifted)
    lam = variable(EIGENVALUE)
    loads = _arrays({"c": coefficient_names(memory, shifted)}, recursion)
    ending = f"return {{s: {lam} * {share}, at_w: {lam} * {at_w}, pivots: [{', '.join(pivots)}]}};"
    return _function("summand", f"{lam}, c", loads, recursion, ending)


def _sums(recursion: Program, memory: int, shifted: bool) -> list[str]:
    share, at_w, pivots = _results(recursion, shifted)
    moving = recursion.depends_on(EIGENVALUE)
    places = range(len(recursion.steps))
    positive = " && ".join(f"{pivot} > 0" for pivot in pivots)
    body = [
        f"const {variable(EIGENVALUE)} = lam[k];",
        *_constants(recursion, [i for i in places if moving[i]]),
        f"if (!({positive})) {{ found[0] = k; return 1; }}",
        f"const s = {variable(EIGENVALUE)} * {share}, damping = 1 + share * s;",
        "if (damping < least) least = damping;",
        "if (!(damping > 0)) { found[0] = k; found[2] = least; return 2; }",
        "total += weights[k] * s / damping;",
        f"output += weights[k] * {variable(EIGENVALUE)} * {at_w} / damping;" if shifted else "",
    ]
    lines = [
        *_arrays({"c": coefficient_names(memory, shifted)}, recursion),
        *_constants(recursion, [i for i in places if not moving[i]]),
        "let total = 0, output = 0, least = Infinity;",
        *_block(_EACH_MODE, filter(None, body)),
        f"found[0] = total; found[1] = {'output' if shifted else 'total'};",
        "found[2] = least;",
        "return 0;",
    ]
    return _block("sums(c, lam, weights, share, found)", lines)


def _advance(algorithm: Algorithm) -> list[str]:
    """One step of every mode, eqs. (12)-(16), by the program that kernels are made of."""
    memory = algorithm.memory
    program, places = step_program(memory, [entry != 0 for entry in algorithm.entries])
    moments = [f"m{k}" for k in range(len(moment_pairs(memory)))]
    moving = program.depends_on(*_MODE, *moments)
    steps = range(len(program.steps))
    used = set(program.inputs)
    first_a = len(algorithm.entries) - memory
    entries = {name: f"e[{place}]" for name, place in places.items()}
    entries |= {f"next_a{i}": f"e[{first_a + i}]" for i in range(memory)}
    each = {EIGENVALUE: "lam[k]", "drive": "drives[k]", "damping": "damping"}
    each |= {name: f"state[{k}][k]" for k, name in enumerate(moments)}
    outputs = plain_outputs(program)
    body = [
        *(f"const {variable(name)} = {where};" for name, where in each.items() if name in used),
        *_constants(program, [i for i in steps if moving[i]]),
        *(f"state[{k}][k] = {outputs[k]};" for k in range(len(moments))),
        f"at_w += masses[k] * {outputs[0]};",
        f"at_y += masses[k] * {outputs[-1]};",
    ]
    lines = [
        *(f"const {variable(name)} = {where};" for name, where in entries.items() if name in used),
        f"const {variable('noise')} = noise;",
        *_constants(program, [i for i in steps if not moving[i]]),
        "let at_w = 0, at_y = 0;",
        *_block(_EACH_MODE, body),
        "return [at_w, at_y];",
    ]
    return _block("advance(e, lam, drives, damping, masses, state, noise)", lines)
