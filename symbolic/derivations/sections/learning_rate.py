"""The effective learning rate, from the matrix and from the polynomials."""

from __future__ import annotations

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.statement import Remark, Section
from sgdmem.symbolic.derivations.statements.subject import Subject

ALPHA_EFF = r"\alpha_{\mathrm{eff}}"


def learning_rate(subject: Subject) -> Section:
    """Return the section with the effective learning rate, derived in two ways."""
    section = Section("Effective learning rate")
    x = subject.writer.line(subject.letters.root)
    Q_at_1 = sympy.Add(*subject.q)
    slope = sympy.Add(1, *subject.d)
    value = subject.effective_rate
    if value is None:
        section.statements.append(
            Remark(
                r"It does not exist: $D$ has the eigenvalue 1, so that the auxiliary vectors never "
                r"forget a gradient."
            )
        )
        return section

    sides = [written(ALPHA_EFF)]
    if subject.memory > 1 or (subject.memory and subject.b[0] * subject.c[0] != 0):
        sides.append(written(_by_matrix(subject)))
    sides.append(Side(value))
    where = (
        r" if $D$ is strictly stable, $u$ to $(1 - D)^{-1} c$ times the gradient"
        if subject.memory
        else ""
    )
    section.statements.append(
        Equation(
            rf"Under a constant gradient the steps settle{where}. The length of a step against a unit "
            r"gradient is then, and in general by definition, the effective learning rate~\cite[eq. (22)]{sgd-with-memory}",
            sides,
        )
    )
    slope_name = r"P'(1) = \det(1 - D)" if subject.memory else "P'(1)"
    section.statements += [
        Equation(
            "The same number is in the polynomials. From",
            [written(slope_name), Side(subject.tidy(slope))],
        ),
        Equation("and", [written("Q(1)"), Side(subject.tidy(Q_at_1))]),
        Equation(
            rf"it is minus the ratio of $Q$ to the slope of $P$ at ${x} = 1$,",
            [
                written(ALPHA_EFF),
                written(r"-\frac{Q(1)}{P'(1)}"),
                Side(value),
            ],
        ),
    ]
    return section


def _by_matrix(subject: Subject) -> str:
    line = subject.writer.line
    alpha = line(subject.tidy(subject.alpha))
    if subject.memory > 1:
        matrix = line(sympy.ImmutableMatrix(sympy.eye(subject.memory) - subject.D))
        return rf"{alpha} - {line(subject.b.T)} {{{matrix}}}^{{-1}} {line(subject.c)}"
    factors = [subject.tidy(subject.b[0]), subject.tidy(subject.c[0])]
    b, c = (_in_product(line(factor), factor.is_Add) for factor in factors)
    damping = line(subject.tidy(1 - subject.D[0, 0]))
    dot = r"\cdot " if c[0].isdigit() else ""
    return rf"{alpha} - {b} ({damping})^{{-1}} {dot}{c}"


def _in_product(text: str, is_sum: bool) -> str:
    return f"({text})" if is_sum or text.startswith("-") else text
