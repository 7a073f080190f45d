"""The effective learning rate, from the matrix and from the polynomials."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject

_WRITTEN_OUT = 2  # memory to which it is in the letters of the method, however long
ALPHA_EFF = r"\alpha_{\mathrm{eff}}"


def learning_rate(subject: Subject) -> Iterator[Statement]:
    """Derive the effective learning rate in two ways."""
    x = subject.writer.line(subject.letters.root)
    value = subject.effective_rate
    if subject.shrinks and not subject.remembers:
        yield Remark(
            rf"It does not exist: ${subject.letters.weights}$ shrinks at each step, so that no "
            r"gradient has a lasting effect, and $P(1) \ne 0$."
        )
        return
    if value is None:
        yield Remark(
            r"It does not exist: $D$ has the eigenvalue 1, so that the auxiliary vectors never "
            r"forget a gradient."
        )
        return

    sides = [written(ALPHA_EFF)]
    if subject.memory > 1 or (subject.memory and subject.b[0] * subject.c[0] != 0):
        sides.append(written(_by_matrix(subject)))
    sides.append(Side(value))
    if not subject.is_short and not subject.is_structured and subject.memory <= _WRITTEN_OUT:
        own = -sympy.Add(*subject.Q) / sympy.Add(*subject.det_D)
        sides.append(Side(subject.tidy(own)))
    where = (
        r" if $D$ is strictly stable, $u$ to $(1 - D)^{-1} c$ times the gradient"
        if subject.memory
        else ""
    )
    yield Equation(
        rf"Under a constant gradient the steps settle{where}. The length of a step against a unit "
        r"gradient is then, and in general by definition, the effective learning rate~\cite[eq. (22)]{yarotsky2024}",
        sides,
    )
    slope = written(r"P'(1) = \det(1 - D)" if subject.memory else "P'(1)")
    slope_value = Side(subject.tidy(sympy.Add(1, *subject.d)))
    yield Equation("The same number is in the polynomials. From", [slope, slope_value])
    yield Equation("and", [written("Q(1)"), Side(subject.tidy(sympy.Add(*subject.q)))])
    yield Equation(
        rf"it is minus the ratio of $Q$ to the slope of $P$ at ${x} = 1$,",
        [written(ALPHA_EFF), written(r"-\frac{Q(1)}{P'(1)}"), Side(value)],
    )


def _by_matrix(subject: Subject) -> str:
    line = subject.writer.line
    alpha = line(subject.tidy(subject.alpha))
    if subject.memory > 1:
        damping = sympy.ImmutableMatrix(sympy.eye(subject.memory) - subject.D)
        blocks = (subject.b.T, damping, subject.c)
        b, matrix, c = (line(block.applyfunc(subject.tidy)) for block in blocks)
        first = "" if subject.alpha == 0 else f"{alpha} "
        return rf"{first}- {b} {{{matrix}}}^{{-1}} {c}"
    factors = [subject.tidy(subject.b[0]), subject.tidy(subject.c[0])]
    b, c = (_in_product(line(factor), factor.is_Add) for factor in factors)
    damping = line(subject.tidy(1 - subject.D[0, 0]))
    dot = r"\cdot " if c[0].isdigit() else ""
    return rf"{alpha} - {b} ({damping})^{{-1}} {dot}{c}"


def _in_product(text: str, is_sum: bool) -> str:
    return f"({text})" if is_sum or text.startswith("-") else text
