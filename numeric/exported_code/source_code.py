"""The noise summand and the verdict of an algorithm as readable source in several languages."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sgdmem._version import __version__
from sgdmem.numeric.compilation.lowering import plain_lines, plain_outputs, variable
from sgdmem.numeric.exported_code.plain_parameters import stable_somewhere, with_plain_parameters
from sgdmem.numeric.exported_code.summand_code import wanted
from sgdmem.numeric.judges.stability_rule import radius_limit
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.programs.program import pruned
from sgdmem.symbolic.programs.summand_program import EIGENVALUE, family_summand_program


class _Language(NamedTuple):
    """How a language writes what the two functions need."""

    template: str
    assignment: str = "{line}"
    argument: str = "{name}"
    infinity: str = "Inf"
    no_number: str = "NaN"
    both: str = "&&"
    either: str = "||"
    choice: str = "{good} ? {value} : ({bad}) ? {infinity} : {no_number}"


_PYTHON = '''"""{title}"""

from math import inf, nan


def noise_summand({parameters}):
    """Return s at eigenvalue lam: inf where the noiseless method is unstable there."""
    try:
{lines}
    except ZeroDivisionError:  # on the edge
        return inf
    return {result}


def is_stable(eigenvalues, batch_size, {more}tau1=1.0, tau2=0.0):
    """Return whether the mean loss tends to zero from every start."""
    total = 0.0
    for lam in eigenvalues:
        s = noise_summand({arguments})
        damping = 1.0 + tau2 / batch_size * s
        if not ({mode}):
            return False
        total += s / damping
    return tau1 / batch_size * total {limit}
'''
_C = """/* {title} */

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* s at eigenvalue lam: INFINITY where the noiseless method is unstable there. */
double noise_summand({parameters})
{{
{lines}
    return {result};
}}

/* Whether the mean loss tends to zero from every start; usually tau1 = 1 and tau2 = 0. */
bool is_stable(const double *eigenvalues, size_t count, double batch_size,
               {more}double tau1, double tau2)
{{
    double total = 0.0;
    for (size_t k = 0; k < count; k++) {{
        const double lam = eigenvalues[k];
        const double s = noise_summand({arguments});
        const double damping = 1.0 + tau2 / batch_size * s;
        if (!({mode}))
            return false;
        total += s / damping;
    }}
    return tau1 / batch_size * total {limit};
}}
"""
_JULIA = """# {title}

"Return s at eigenvalue lam: Inf where the noiseless method is unstable there."
function noise_summand({parameters})
{lines}
    return {result}
end

"Return whether the mean loss tends to zero from every start."
function is_stable(eigenvalues, batch_size{tail}; tau1=1.0, tau2=0.0)
    total = 0.0
    for lam in eigenvalues
        s = noise_summand({arguments})
        damping = 1.0 + tau2 / batch_size * s
        if !({mode})
            return false
        end
        total += s / damping
    end
    return tau1 / batch_size * total {limit}
end
"""
_MATLAB = """% {title}
% Save as is_stable.m; usually tau1 = 1 and tau2 = 0.

function stable = is_stable(eigenvalues, batch_size, {more}tau1, tau2)
    % Whether the mean loss tends to zero from every start.
    total = 0.0;
    stable = false;
    for lam = eigenvalues(:)'
        s = noise_summand({arguments});
        damping = 1.0 + tau2 / batch_size * s;
        if ~({mode})
            return
        end
        total = total + s / damping;
    end
    stable = tau1 / batch_size * total {limit};
end

function s = noise_summand({parameters})
    % s at eigenvalue lam: Inf where the noiseless method is unstable there.
{lines}
    if {good}
        s = {value};
    elseif {bad}
        s = Inf;
    else
        s = NaN;
    end
end
"""
_JAVASCRIPT = """// {title}

// s at eigenvalue lam: Infinity where the noiseless method is unstable there.
function noise_summand({parameters}) {{
{lines}
    return {result};
}}

// Whether the mean loss tends to zero from every start.
function is_stable(eigenvalues, batch_size, {more}tau1 = 1.0, tau2 = 0.0) {{
    let total = 0.0;
    for (const lam of eigenvalues) {{
        const s = noise_summand({arguments});
        const damping = 1.0 + tau2 / batch_size * s;
        if (!({mode}))
            return false;
        total += s / damping;
    }}
    return tau1 / batch_size * total {limit};
}}
"""
_LANGUAGES = {
    "python": _Language(
        _PYTHON,
        "    {line}",
        infinity="inf",
        no_number="nan",
        both="and",
        either="or",
        choice="{value} if {good} else (inf if {bad} else nan)",
    ),
    "c": _Language(_C, "const double {line};", "double {name}", "INFINITY", "NAN"),
    "julia": _Language(_JULIA),
    "matlab": _Language(_MATLAB, "{line};"),
    "javascript": _Language(_JAVASCRIPT, "const {line};", infinity="Infinity"),
}
LANGUAGES = tuple(_LANGUAGES)
_TAKEN = {"eigenvalues", "batch_size", "tau1", "tau2", "total", "damping", "s", "k", "count"}
_TAKEN |= {EIGENVALUE, "noise_summand", "is_stable", "stable", "inf", "nan", "Inf", "NaN", "end"}
_KEYWORDS = """
    auto bool break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while true false NULL INFINITY NAN HUGE_VAL complex imaginary
    abstract baremodule begin end export finally function global import in isa let local macro
    module mutable primitive quote struct try type using where catch nothing missing pi
    classdef elseif otherwise parfor persistent spmd eps i j
    arguments async await class debugger delete eval implements instanceof interface new null of
    package private protected public super this throw typeof undefined var with yield Infinity
"""
_TAKEN |= set(_KEYWORDS.split())


def source_code(algorithm: Algorithm, language: str, problem: Any = None) -> str:
    r"""Return source of the noise summand and the verdict, in a programming language.

    Two functions of plain floats: ``noise_summand`` at an eigenvalue, the straight-line program of
    the Routh-Astrom recursion, and ``is_stable`` for a list of eigenvalues and a batch size, the
    exact verdict for :math:`\tau_1, \tau_2`. There are no error bounds: where a verdict hangs on
    the last digits, ask `stability`.

    Parameters
    ----------
    algorithm : Algorithm
        Its symbols become arguments, in alphabetical order.
    language : str
        "python", "c", "julia", "matlab" or "javascript".
    problem : Problem, optional
        For which the code is wanted. Only the noise of two parameters makes a formula: that of
        samples is an operator on matrices, whose radius has no closed form.

    Raises
    ------
    InputError
        For a problem of samples, with a coupling or with weight decay, another language, an entry
        that is not a rational function of the symbols, or an algorithm that is stable nowhere.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sgdmem import sgd
    >>> print(source_code(sgd(Symbol("learning_rate")), "python").splitlines()[5])
    def noise_summand(lam, learning_rate):
    """
    require_algorithm(algorithm, "algorithm")
    if language not in _LANGUAGES:
        raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {shown(language)}")
    if problem is not None:
        given = as_problem(problem)
        if given.noise.mixes:
            raise InputError(
                "problem must have the noise of tau1 and tau2 for source code: the radius of the "
                "operator on samples, or of a coupling, has no closed form; ask "
                "stability(algorithm, problem, batch_size), derive(algorithm) shows the operator "
                "in symbols"
            )
        require_no_weight_decay(given, "source code")
    chosen = _LANGUAGES[language]
    named, symbols = with_plain_parameters(algorithm)
    parameters, names = [*symbols], _identifiers([str(symbol) for symbol in symbols.values()])
    with stable_somewhere(algorithm):
        program = family_summand_program(named, parameters)
    shifted = named.half_plane_form.shifted
    program = pruned(program.steps, wanted(program.outputs, shifted))
    share, *pivots = plain_outputs(program)
    text = {
        "value": f"{variable(EIGENVALUE)} * {share}",
        "good": f" {chosen.both} ".join(f"{pivot} > 0.0" for pivot in pivots),
        "bad": f" {chosen.either} ".join(f"{pivot} <= 0.0" for pivot in pivots),
        "mode": f"s < {chosen.infinity} {chosen.both} damping > 0.0",
        "limit": "{} {:.1f}".format(*radius_limit()),
    }
    result = chosen.choice.format(**text, infinity=chosen.infinity, no_number=chosen.no_number)
    lines = [
        "    " + chosen.assignment.format(line=line)
        for line in plain_lines(program, range(len(program.steps)))
    ]
    arguments = [chosen.argument.format(name=name) for name in names]
    first = chosen.argument.format(name=EIGENVALUE)
    return chosen.template.format(
        title=_title(algorithm),
        lines=_renamed("\n".join(lines), parameters, names),
        result=_renamed(result, parameters, names),
        **{key: _renamed(value, parameters, names) for key, value in text.items()},
        parameters=", ".join([first, *arguments]),
        arguments=", ".join([EIGENVALUE, *names]),
        more="".join(f"{argument}, " for argument in arguments),
        tail="".join(f", {name}" for name in names),
    )


def _title(algorithm: Algorithm) -> str:
    name = re.sub(r"[^\w '(),.+-]+", " ", algorithm.label)  # no end of a comment
    return f"The noise summand and the stability of {name}, derived by sgdmem {__version__}."


def _identifiers(parameters: Sequence[str]) -> list[str]:
    """Return names that no language takes for something else."""
    names: list[str] = []
    for parameter in parameters:
        name = re.sub(r"\W", "_", parameter, flags=re.ASCII)
        temporary = re.fullmatch(r"t\d+", name) is not None
        if not name[:1].isalpha() or name in _TAKEN or keyword.iskeyword(name) or temporary:
            name = f"p_{name.lstrip('_')}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def _renamed(text: str, parameters: Sequence[str], names: Sequence[str]) -> str:
    """Return lines in which inputs have their own names."""
    known = {variable(EIGENVALUE): EIGENVALUE}
    known |= {variable(p): name for p, name in zip(parameters, names, strict=True)}
    return re.sub(r"\bv_\w+", lambda match: known[match.group()], text)
