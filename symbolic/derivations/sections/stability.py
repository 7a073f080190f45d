"""Noiseless stability: the half plane, and conditions on the coefficients there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy

from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import EXPANDED_MEMORY, Subject
from sgdmem.symbolic.derivations.typesetting.writer import raised
from sgdmem.symbolic.stability.schur import conditions


def stability(subject: Subject) -> Iterator[Statement]:
    """Derive conditions for stability without noise."""
    yield in_the_half_plane(subject)
    yield from meanings(subject, half_plane_names(subject))
    yield from _criterion(subject)


def in_the_half_plane(subject: Subject) -> Equation:
    """Say what the names of the coefficients of chi-hat stand for."""
    letters, writer = subject.letters, subject.writer
    z, x, lam = letters.half_plane, letters.root, letters.eigenvalue
    n = subject.memory + 1
    Z, X, letter = writer.line(z), writer.line(x), writer.line(lam)
    half_plane_names(subject)
    shape = " + ".join(rf"\hat a_{k} {raised(Z, n - k)}".strip() for k in range(n + 1))
    moved = rf"\chi\left(\frac{{1 + {Z}}}{{1 - {Z}}}, {letter}\right)"
    return Equation(
        rf"The map ${X} = (1 + {Z})/(1 - {Z})$ takes the left half plane to the unit disk. In "
        rf"the new variable the characteristic polynomial is",
        [
            written(rf"\hat\chi({Z})"),
            written(rf"{raised(f'(1 - {Z})', n)} \, {moved}"),
            written(shape),
        ],
    )


def meanings(subject: Subject, names: Sequence[Any]) -> Iterator[Statement]:
    """Say in one display what names stand for."""
    for number, name in enumerate(names, start=1):
        rule = "with" if number == 1 else "and" if number == len(names) else ""
        yield Equation(rule, [Side(name), Side(subject.names.meaning(name))])


def half_plane(subject: Subject) -> list[Any]:
    """Return the coefficients of chi-hat, highest power first, in d, q and the eigenvalue."""
    lam = subject.letters.eigenvalue
    chi = [p - lam * q for p, q in zip(subject.P_in_d, (*subject.q, 0), strict=True)]
    return [_arranged(subject, sympy.expand(value)) for value in to_half_plane(chi)]


def _arranged(subject: Subject, value: Any) -> Any:
    """Return a coefficient as a product if it is one, else as a sum in the eigenvalue's powers."""
    lam = subject.letters.eigenvalue
    tidied = subject.tidy(value)
    pieces = [subject.tidy(value.coeff(lam, power)) * lam**power for power in (0, 1)]
    return tidied if tidied.is_Mul or 0 in pieces else sympy.Add(*pieces)


def half_plane_names(subject: Subject) -> list[Any]:
    """Return names for the coefficients of chi-hat, highest power first."""
    if not subject.half_plane_names:
        subject.half_plane_names = [
            subject.named(rf"\hat a_{k}", value) for k, value in enumerate(half_plane(subject))
        ]
    return subject.half_plane_names


def _criterion(subject: Subject) -> Iterator[Statement]:
    letter = subject.writer.line(subject.letters.eigenvalue)
    M = subject.memory
    if not any(subject.q) and not subject.parameters and subject.stable_point is not None:
        yield Remark("Gradients move nothing, and the method is stable at every eigenvalue.")
        return
    names = half_plane_names(subject)
    if M > EXPANDED_MEMORY:
        pivots, array = _routh(subject, names)
        yield from array
        shown = [pivot > 0 for pivot in pivots]
        what = "all pivots of the Routh array are positive"
    else:
        minors = hurwitz_determinants(names)[1:]  # the first one is a coefficient
        shown = [name > 0 for name in names] + [sympy.expand(minor) > 0 for minor in minors]
        what = "its coefficients are positive"
        if M > 1:
            what = "its coefficients and Hurwitz determinants are positive, by the criterion of Hurwitz"
    yield Conditions(
        rf"All roots of $P - {letter} Q$ lie strictly inside the unit disk exactly when "
        rf"$\hat a_0 \ne 0$ and those of $\hat\chi$ lie in the left half plane. For ${letter} > 0$ that is so if and only "
        rf"if {what} (of one sign, which is that of their sum $\hat\chi(1) = {2 ** (M + 1)}$):",
        shown,
        subject.is_schur,
        near=subject.stable_point,
        segments=20 if M == 2 else 8,
    )
    if subject.stable_point is None:
        if not subject.parameters:
            yield Remark("They hold at no positive eigenvalue.")
    elif M <= 1:
        yield _uniform(subject)
    elif subject.is_short and M <= EXPANDED_MEMORY:
        yield _reduced(subject)


def _routh(subject: Subject, names: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the pivots of the Routh array, and the statements that define its entries."""
    a = list(names)
    pivots = [a[0]]
    statements: list[Any] = []
    for step in range(1, subject.memory + 2):
        pivots.append(a[1])
        for i in range(2, len(a) - 1, 2):
            value = a[i] - a[0] / a[1] * a[i + 1]
            symbol = subject.named(rf"\hat a_{{{i + step - 1}}}^{{({step})}}", value)
            subject.routh[step, i + step - 1] = a[i] = symbol
            rule = "The Routh array goes on with" if not statements else ""
            statements.append(Equation(rule, [Side(symbol), Side(value)]))
        del a[0]
    return pivots, statements


def _reduced(subject: Subject) -> Conditions:
    lam = subject.letters.eigenvalue
    inequalities = []
    for condition in conditions(subject.algorithm, lam):
        value = subject.tidy(to_sympy(condition).primitive()[1])
        inequalities.append(_without_positive(value) > 0)
    kept = [x for x in dict.fromkeys(inequalities) if x not in (sympy.true, sympy.false)]
    near = subject.stable_point
    return Conditions("Written out,", kept, subject.is_schur, near=near, segments=12)


def _uniform(subject: Subject) -> Conditions | Remark:
    """Return the conditions for all eigenvalues up to a largest one."""
    letter, largest = subject.writer.line(subject.letters.eigenvalue), subject.largest
    found = subject.uniform_conditions
    if sympy.false in found:
        return Remark(rf"They do not hold on any interval $0 < {letter} \le {letter}_{{\max}}$.")
    inequalities = [_sorted(subject, relation, largest) for relation in found]

    def holds(point: Point) -> bool:
        return subject.is_stable_up_to(point, point[largest])

    near = None if subject.shrinks and not subject.descends else subject.near(largest)
    but = "" if subject.shrinks else f" but for a factor ${letter}$"
    return Conditions(
        rf"Each of these is linear in ${letter}${but}, so that they hold on "
        rf"$0 < {letter} \le {letter}_{{\max}}$ if and only if",
        inequalities,
        holds,
        free=(largest,),
        near=near,
        segments=12,
    )


def _sorted(subject: Subject, relation: Any, largest: Any) -> Any:
    """Return an inequality with the term of the largest eigenvalue on the smaller side."""
    left = sympy.expand(relation.lhs - relation.rhs)
    strict = relation.rel_op in (">", "<")
    if relation.rel_op in ("<", "<="):
        left = -left
    moving = sympy.factor(left.coeff(largest, 1)) * largest
    fixed = sympy.factor(left.coeff(largest, 0))
    if moving == 0 or fixed == 0:
        value = subject.tidy(left)
        value = _without_positive(value)
        return value > 0 if strict else value >= 0
    moving, fixed = subject.tidy(-moving), subject.tidy(fixed)
    return sympy.StrictLessThan(moving, fixed) if strict else sympy.LessThan(moving, fixed)


def _without_positive(value: Any) -> Any:
    """Return a product without its positive factors."""
    kept = [factor for factor in sympy.Mul.make_args(value) if not factor.is_positive]
    return sympy.Mul(*kept) if kept else value
