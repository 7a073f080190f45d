"""The characteristic polynomial, P and Q, with their determinants expanded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.statement import Statement
from sgdmem.symbolic.derivations.statements.subject import EXPANDED_MEMORY, Subject
from sgdmem.symbolic.expressions.products import times


def characteristic(subject: Subject) -> Iterator[Statement]:
    """Derive P, Q and chi."""
    lam, x = subject.letters.eigenvalue, subject.letters.root
    letter, root = subject.writer.line(lam), subject.writer.line(x)
    P = subject.own_factor * sympy.Add(*(d * x**k for k, d in enumerate(subject.det_D)))
    Q = sympy.Add(*(q * x**k for k, q in enumerate(subject.Q)))
    name = written(rf"\chi({root}, {letter})")
    parts = written(rf"P({root}) - {letter} Q({root})")
    if subject.memory == 0:
        shown = subject.in_powers([-subject.kept - lam * subject.Q[0], 1], x)
        yield Equation("Its characteristic polynomial is", [name, Side(shown), parts])
        yield Equation("with", [written(f"P({root})"), Side(subject.own_factor)])
        yield Equation("and", [written(f"Q({root})"), Side(subject.tidy(Q))])
        return
    adjugate = rf"r^{{\mathsf T}} \operatorname{{adj}}({root} - S_0) \, v"
    yield Equation(
        rf"The gradient enters through a matrix of rank one, so that by the matrix determinant "
        rf"lemma the characteristic polynomial is linear in the eigenvalue. With "
        rf"$P({root}) = \det({root} - S_0)$ and $Q({root}) = {adjugate}$,",
        [
            name,
            written(rf"\det\left({root} - S_0 - {letter} \, v r^{{\mathsf T}}\right)"),
            written(rf"\det({root} - S_0) - {letter} \, {adjugate}"),
            parts,
        ],
    )
    yield from _of_P(subject)
    yield from _of_Q(subject)
    if subject.is_short:
        yield Equation("Together,", [name, Side(_in_powers_of(subject, P - lam * Q))])


def _of_P(subject: Subject) -> Iterator[Statement]:
    x = subject.letters.root
    root = subject.writer.line(x)
    M = subject.memory
    shifted = sympy.ImmutableMatrix(x * sympy.eye(M) - subject.D)
    factor = sympy.Add(*(d * x**k for k, d in enumerate(subject.det_D)))
    own = subject.writer.line(subject.own_factor)
    sides = [written(f"P({root})"), written(rf"({own}) \det({root} - D)")]
    rule = (
        rf"The matrix ${root} - S_0$ is block triangular, since nothing but gradients leads from "
        rf"the weights to the auxiliary vector{'s' if M > 1 else ''}. Hence"
    )
    if M == 1:
        sides.append(Side(subject.own_factor * subject.tidy(factor)))
        sides.append(Side(_in_powers_of(subject, subject.own_factor * factor)))
        yield Equation(rule, sides)
        return
    steps = [written(rf"\det({root} - D)")]
    if M <= EXPANDED_MEMORY or subject.is_short:
        steps.append(Side(sympy.Determinant(shifted)))
        if M <= EXPANDED_MEMORY and not _triangular(subject.D):
            steps.append(_along_the_first_row(subject, shifted))
        if _triangular(subject.D):
            product = sympy.Mul(*(x - subject.D[i, i] for i in range(M)))
            steps.append(Side(product))
    steps.append(Side(sympy.Add(x**M, *(times(d, x**k) for k, d in enumerate(subject.d)))))
    words = {2: "", 3: " along the first row"}.get(M, "")
    kind = "which is triangular," if _triangular(subject.D) else f"expanded{words},"
    yield Equation(rule, sides)
    yield Equation(f"The determinant of the memory, {kind} is", steps)
    yield from named_coefficients(subject, "d", subject.d, subject.det_D)


def _in_powers_of(subject: Subject, polynomial: Any) -> Any:
    x = subject.letters.root
    coefficients = sympy.Poly(sympy.expand(polynomial), x).all_coeffs()[::-1]
    return subject.in_powers(coefficients, x)


def _triangular(matrix: Any) -> bool:
    return bool(matrix.is_lower or matrix.is_upper)


def _along_the_first_row(subject: Subject, matrix: Any) -> Side:
    """Return the expansion of a determinant along its first row, minors left as they are."""
    size = matrix.shape[0]
    if size == 2:
        first = sympy.Mul(matrix[0, 0], matrix[1, 1], evaluate=False)
        return Side(sympy.Add(first, -matrix[0, 1] * matrix[1, 0], evaluate=False))
    terms = []
    for column in range(size):
        minor = sympy.Determinant(sympy.ImmutableMatrix(matrix.minor_submatrix(0, column)))
        terms.append(((-1) ** column * matrix[0, column], subject.writer.line(minor)))
    return written(subject.writer.signed(terms))


def _of_Q(subject: Subject) -> Iterator[Statement]:
    x = subject.letters.root
    root = subject.writer.line(x)
    M = subject.memory
    shifted = x * sympy.eye(M) - subject.D
    row = f"b + ({subject.writer.line(subject.own_factor)}) a" if subject.shifted else "b"
    row_text = rf"\left({row}\right)^{{\mathsf T}}" if subject.shifted else r"b^{\mathsf T}"

    def split(det: str, rest: str) -> str:
        own = subject.writer.signed([(subject.tidy(-subject.alpha), det)])
        return f"{own[0]} + {rest}" if subject.alpha != 0 else rest

    by_blocks = split(rf"\det({root} - D)", rf"{row_text} \operatorname{{adj}}({root} - D) \, c")
    sides = [written(f"Q({root})"), written(by_blocks)]
    entries = sympy.ImmutableMatrix(subject.b + subject.own_factor * subject.a).applyfunc(
        sympy.factor
    )
    if M == 1:
        own = times(subject.tidy(-subject.alpha), shifted[0, 0])
        entered = times(subject.tidy(entries[0]), subject.tidy(subject.c[0]))
        both = [term for term in (own, entered) if term != 0]
        sides.append(Side(sympy.Add(*both, evaluate=False)))
    elif M == 2 and len(subject.writer.line(shifted.adjugate())) < 400:
        parts = [
            subject.writer.line(m)
            for m in (entries.T, sympy.ImmutableMatrix(shifted.adjugate()), subject.c)
        ]
        det = subject.writer.line(
            sympy.Add(x**M, *(times(d, x**k) for k, d in enumerate(subject.d)))
        )
        sides.append(written(split(f"({det})", " ".join(parts))))
    sides.append(Side(sympy.Add(*(times(q, x**k) for k, q in enumerate(subject.q)))))
    rule = (
        r"Inverting the block triangular matrix, $\operatorname{adj}$ being the determinant times "
        r"the inverse,"
    )
    yield Equation(rule, sides)
    yield from named_coefficients(subject, "q", subject.q, subject.Q)


def named_coefficients(
    subject: Subject, letter: str, names: Any, values: Any, first_word: str = "with"
) -> Iterator[Statement]:
    """Yield the definitions of coefficients that have names, highest power first."""
    if subject.is_short:
        return
    if subject.is_structured:
        yield _recursive(subject, letter)
        return
    first = True
    for place in reversed(range(len(names))):
        if names[place] != values[place]:
            rule = first_word if first else "and" if place == 0 else ""
            yield Equation(rule, [Side(names[place]), Side(_as_product(subject, values[place]))])
            first = False


def _as_product(subject: Subject, value: Any) -> Any:
    """Return a coefficient as a product if it is one, else as a sum without brackets."""
    expanded = sympy.expand(value)
    _, factors = sympy.factor_list(expanded)
    return subject.tidy(value) if len(factors) > 1 and expanded.is_Add else expanded


def _recursive(subject: Subject, letter: str) -> Equation:
    """Return the recursion of Faddeev and LeVerrier for the coefficients of det(x - D), or of Q."""
    M = subject.memory
    if letter == "d":
        rule = (
            rf"The recursion of Faddeev and LeVerrier, $A_{{{M - 1}}} = 1$ and "
            rf"$A_{{m-1}} = D A_m + d_m$ with $d_{{{M}}} = 1$, gives its coefficients and the "
            rf"adjugate $\sum_m {subject.writer.line(subject.letters.root)}^m A_m$: for $m < {M}$,"
        )
        shown = rf"-\frac{{1}}{{{M} - m}} \operatorname{{Tr}}(D A_m)"
    else:
        rule = rf"where, with $A_{{-1}} = A_{{{M}}} = 0$,"
        shown = r"-\alpha d_m + b^{\mathsf T} A_m c"
        if subject.shifted:
            kept = f"({subject.writer.line(subject.kept)}) A_m" if subject.shrinks else "A_m"
            shown += rf" + a^{{\mathsf T}} (A_{{m-1}} - {kept}) c"
    return Equation(rule, [written(f"{letter}_m"), written(shown)])
