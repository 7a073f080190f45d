"""All statements that are checked by machine, in the order in which they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.theorems.check import CheckResult, StatementModule

_OF_THE_PAPER = {
    **{f"Theorem {k}": f"theorem_{k}" for k in range(1, 9)},
    **{f"Proposition {k}": f"proposition_{k}" for k in range(1, 5)},
    **{f"Lemma {k}": f"lemma_{k}" for k in range(1, 4)},
    **{f"Equation ({k})": f"equation_{k}" for k in (22, 25, 26, 27)},
}
STATEMENTS = {  # the modules in which they are
    **{name: f"sgd_with_memory.{module}" for name, module in _OF_THE_PAPER.items()},
    "Exact verdict": "own.exact_verdict",
    "Per-mode noise": "own.per_mode_noise",
    "Batches of samples": "own.samples",
    "Label noise": "own.label_noise",
    "Weight decay": "own.weight_decay",
    "M + 1 poles": "own.poles_of_the_summand",
    "Routh recursion": "own.routh_recursion",
}


def statement_module(name: str) -> StatementModule:
    """Return the module of a statement."""
    module = import_module(f"sgdmem.numeric.theorems.{STATEMENTS[name]}")
    return cast("StatementModule", module)


def verify(
    names: Iterable[str] | str | None = None,
) -> list[CheckResult]:
    """Check numbered statements of arXiv 2410.04228, and the library's own, by machine.

    Parameters
    ----------
    names : iterable of str, optional
        Such as "Theorem 4", "Equation (25)" or "Exact verdict"; all of them by default. Case and
        brackets do not matter.

    Returns
    -------
    list of CheckResult
        In the order of the names.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> (result,) = verify("Theorem 4")
    >>> result.passed, len(result.cases) >= 5
    (True, True)
    """
    from sgdmem.numeric.theorems.check import CheckResult

    if isinstance(names, str):
        names = [names]
    if names is not None and not is_list(names):
        raise InputError(f"names must be names of statements, got {shown(names)}")
    chosen = list(STATEMENTS) if names is None else [find_statement(name) for name in names]
    results = []
    for name in chosen:
        module = statement_module(name)
        results.append(CheckResult(module.STATEMENT, tuple(module.check())))
    return results


def find_statement(name: str) -> str:
    """Return the name of a statement as `STATEMENTS` has it."""
    found = {_plain(known): known for known in STATEMENTS}.get(_plain(str(name)))
    if found is None:
        raise InputError(f"unknown statement {shown(name)}; there are {', '.join(STATEMENTS)}")
    return found


def _plain(name: str) -> str:
    plain = "".join(character for character in name.lower() if character.isalnum())
    return re.sub(r"^eq(?=\d)", "equation", plain)


def perturbed_results(name: str) -> list[tuple[str, CheckResult]]:
    """Return what becomes of the false claims of a statement: none should pass."""
    from sgdmem.numeric.theorems.check import CheckResult

    module = statement_module(find_statement(name))
    return [
        (text, CheckResult(module.STATEMENT, tuple(module.check(claim))))
        for text, claim in module.PERTURBED.items()
    ]


def statement_summary(name: str) -> str:
    """Return what a statement says in a line, as plain text.

    Examples
    --------
    >>> statement_summary("Proposition 3")
    'for tau_1 >= 0 and tau_2 <= 0 no propagator is ever negative.'
    """
    first = (statement_module(name).__doc__ or "").strip().split("\n")[0]
    return _without_markup(first.split(": ", 1)[-1])


def _without_markup(text: str) -> str:
    """Return reStructuredText without its roles, and the simplest TeX in plain letters."""
    plain = re.sub(r":\w+:`([^`]*)`", r"\1", text).replace("`", "")
    for command, sign in {"\\ge": ">=", "\\le": "<=", "\\ne": "!=", "\\infty": "inf"}.items():
        plain = re.sub(re.escape(command) + r"(?![a-z])", sign, plain)
    return plain.replace("\\", "")
