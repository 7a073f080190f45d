"""What a verdict says of one problem, at the end of a derivation about all of them."""

from __future__ import annotations

import math
import re
from typing import Any

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.derivations.statements.statement import Remark, Section, Statement
from sgdmem.symbolic.errors import InputError, shown

_POWER = re.compile(r"k\^(-[\d.]+)")
_SIGN = re.compile(r" (<=|>=|<|>) ")
_LATEX = {"<=": r"\le", ">=": r"\ge"}
_WORDS = {"_": " ", "%": " percent", "…": "...", "±": r"$\pm$", "&": "and", "#": "number "}


def in_numbers(verdict: Any, algorithm: Algorithm) -> Section:
    """Return the numbers of a verdict as sentences; they are its own, not derived here.

    Parameters
    ----------
    verdict : Verdict
        From `sgdmem.stability`.
    algorithm : Algorithm
        What the derivation is about: of the same family, if both have one.

    Raises
    ------
    InputError
        For anything else.
    """
    if not hasattr(verdict, "question") or not hasattr(verdict, "noise_sum_interval"):
        raise InputError(f"verdict must be what stability(...) returns, got {shown(verdict)}")
    judged = verdict.algorithm
    if None not in (judged.title, algorithm.title) and judged.title != algorithm.title:
        raise InputError(f"verdict must be about {algorithm.title}, got one on {judged.title}")
    answer, question, *rows = map(str.strip, str(verdict).splitlines())
    kind = "estimated" if verdict.is_estimated else "proved for these numbers"
    kind = kind if verdict.stable is not None else "not decided"
    statements: list[Statement] = [
        Remark(
            f"The formulas above are about the method on any problem. Here it is one: "
            f"{_written(question)}."
        ),
        Remark(f"The verdict, {kind}, is {_written(answer.removeprefix('estimated '))}."),
        *(Remark(f"{_written(sentence)}.") for sentence in _facts(verdict)),
    ]
    for row in rows:
        label, gap, text = row.partition("  ")
        sentence = f"{label}: {text.strip()}" if gap else row
        statements.append(Remark(f"{_written(sentence[0].upper() + sentence[1:])}."))
    return Section("In numbers", statements)


def _facts(verdict: Any) -> list[str]:
    """Return what the text of a verdict leaves out: numbers of modes and proved bounds."""
    found, (low, high) = [], verdict.noise_sum_interval
    count, dropped = verdict.problem.spectrum.count, verdict.problem.dropped
    if math.isfinite(count):
        left = f" in {count + dropped:g} directions; along the others nothing moves"
        found.append(f"Modes: {count:g}{left if dropped else ''}")
    if math.isfinite(high) and not verdict.is_estimated:
        found.append(f"Proved bounds: {low:.9g} and {high:.9g}")
    return found


def _written(text: str) -> str:
    """Return plain text as words that LaTeX, Markdown and HTML all read."""
    text = _POWER.sub(r"$k^{\1}$", text)
    for character, word in _WORDS.items():
        text = text.replace(character, word)
    return _SIGN.sub(lambda match: f" ${_LATEX.get(match[1], match[1])}$ ", text)
