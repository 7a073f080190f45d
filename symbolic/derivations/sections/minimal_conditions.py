"""The conditions for stability without noise of which none can be left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sympy

from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.derivations.sections.stability import half_plane_names
from sgdmem.symbolic.derivations.statements.assumptions import end_of, follows, minimal
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.reduced_subject import ReducedSubject
from sgdmem.symbolic.derivations.statements.statement import Remark
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.expressions.products import is_negative
from sgdmem.symbolic.expressions.tidying import sign_taken_in
from sgdmem.symbolic.stability.schur import conditions

_SEGMENTS = 40, 40, 20, 10  # by memory: ways across the border that are followed
_WRITTEN_OUT = 2  # memory to which conditions are written out


def noiseless_conditions(subject: Subject) -> Conditions | Remark:
    """Return them for all eigenvalues up to the largest, or at one eigenvalue.

    The latter beyond memory 1, unless all of them are bounds on the eigenvalue from above.
    """
    letter = subject.writer.line(subject.letters.eigenvalue)
    everywhere = rf"for all eigenvalues $0 < {letter} \le {letter}_{{\max}}$"
    found, where = None, everywhere
    if subject.memory <= 1:
        found = _up_to_the_largest(subject)
    elif subject.stable_point is not None:
        found, whole = _at_an_eigenvalue(subject)
        where = everywhere if whole else f"at an eigenvalue ${letter} > 0$"
    what = "the method" if subject.judged is subject.whole else "what is left"
    rule = f"Without noise {what} is stable {where}"
    if found is None and not subject.parameters:
        near = rf"on no interval $0 < {letter} \le {letter}_{{\max}}$ of eigenvalues"
        nowhere = near if subject.memory <= 1 else rf"at no eigenvalue ${letter} > 0$"
        return Remark(f"Without noise {what} is stable {nowhere}.")
    if found is None:
        return Remark(f"{rule} for none of the many parameters that were tried.")
    if not found.inequalities:
        return Remark(f"{rule}.")
    return replace(found, rule=f"{rule} if and only if")


def _up_to_the_largest(subject: Subject) -> Conditions | None:
    largest = subject.largest
    found = subject.uniform_conditions
    nowhere = sympy.false in found or subject.near(largest) is None
    if nowhere or (subject.shrinks and not subject.descends):
        return None
    bounds = [(_polynomial(x.gts - x.lts), x.rel_op in (">", "<")) for x in found]
    bounds += _hidden(subject)
    kept = minimal(bounds, subject.intervals)
    return replace(_conditions(subject, kept, largest, _stable_up_to(subject)), all_bounds=bounds)


def hidden_conditions(subject: ReducedSubject, rule: str) -> Conditions:
    """Return the conditions for hidden modes to die out."""
    lam = subject.letters.eigenvalue
    found = _conditions(subject, subject.hidden_bounds, lam, subject.forgets_at)
    return replace(found, rule=rule)


def _hidden(subject: Subject) -> list[tuple[Any, bool]]:
    """Return what hidden modes ask, if the whole method is judged."""
    return subject.hidden_bounds if subject.judged is subject.whole else []


def _polynomial(value: Any) -> Any:
    """Return a polynomial of the sign of a fraction."""
    above, below = sympy.fraction(sympy.together(value))
    return above * below


def _stable_up_to(subject: Subject) -> Callable[[Point], bool]:
    return lambda point: subject.judged.is_stable_up_to(point, point[subject.largest])


def _at_an_eigenvalue(subject: Subject) -> tuple[Conditions, bool]:
    """Return them at one eigenvalue, or up to the largest, and whether they are the latter.

    Those of long coefficients are in the names of the coefficients of chi-hat. By Lienard and
    Chipart every other Hurwitz determinant will do.
    """
    lam, intervals = subject.letters.eigenvalue, subject.intervals
    if has_short_conditions(subject):
        bounds = [(_polynomial(to_sympy(x)), True) for x in conditions(subject.algorithm, lam)]
        bounds += _hidden(subject)
        kept = minimal(bounds, intervals)
        slopes = [(value, sympy.Poly(value, lam)) for value, _ in kept]
        if all(
            x.degree() <= 0 or (x.degree() == 1 and follows(-x.nth(1), intervals))
            for _, x in slopes
        ):
            largest = subject.largest
            kept, bounds = (
                [(value.xreplace({lam: largest}), strict) for value, strict in x]
                for x in (kept, bounds)
            )
            found = _conditions(subject, kept, largest, _stable_up_to(subject))
            return replace(found, all_bounds=bounds), True
        found = _conditions(subject, kept, lam, subject.judged.is_schur)
        return replace(found, all_bounds=bounds), False
    names, degree = half_plane_names(subject), subject.memory + 1
    minors = dict(enumerate(hurwitz_determinants(names), start=1))
    values = [names[k] for k in range(degree + 1) if k == 0 or (degree - k) % 2 == 0]
    values += [sympy.expand(minors[k]) for k in range(1, degree) if (degree - 1 - k) % 2 == 0]
    single = [name for name in names if name in values]  # in their order
    positive = [value > 0 for value in (*single, *(x for x in values if x not in single))]
    positive += [_solved(subject, value, strict, lam) for value, strict in _hidden(subject)]
    return _stated(subject, positive, (lam,), subject.judged.is_schur), False


def has_short_conditions(subject: Subject) -> bool:
    """Whether conditions are in the letters of the method."""
    return subject.is_short and subject.memory <= _WRITTEN_OUT


def _stated(
    subject: Subject, relations: Sequence[Any], free: Sequence[Any], holds: Any
) -> Conditions:
    segments = _SEGMENTS[min(subject.memory, len(_SEGMENTS) - 1)]
    near = subject.near(*free)
    return Conditions("", relations, holds, free, near, segments, subject.intervals)


def _conditions(
    subject: Subject, kept: Sequence[tuple[Any, bool]], eigenvalue: Any, holds: Any
) -> Conditions:
    relations = [_solved(subject, value, strict, eigenvalue) for value, strict in kept]
    single = [x for x in relations if x.lhs.is_Symbol]
    places = {symbol: place for place, symbol in enumerate(subject.in_order)}
    order = [
        *sorted(single, key=lambda relation: places.get(relation.lhs, len(places))),
        *(relation for relation in relations if relation not in single),
    ]
    return _stated(subject, order, (eigenvalue,), holds)


def _solved(subject: Subject, value: Any, strict: bool, eigenvalue: Any) -> Any:
    """Return that a polynomial is positive as people write it, if it can be with a bound."""
    less, greater = (
        (sympy.StrictLessThan, sympy.StrictGreaterThan) if strict else (sympy.Le, sympy.Ge)
    )
    ends = end_of(value)
    if ends is not None:
        symbol, end, below = ends
        return (less if below else greater)(symbol, end, evaluate=False)
    lam = subject.letters.eigenvalue
    if eigenvalue != lam:  # so that sums are in its powers
        relation = _solved(subject, value.xreplace({eigenvalue: lam}), strict, lam)
        sides = (side.xreplace({lam: eigenvalue}) for side in relation.args)
        return relation.func(*sides, evaluate=False)
    slope, fixed = -value.coeff(eigenvalue, 1), value.coeff(eigenvalue, 0)
    linear = sympy.expand(fixed - slope * eigenvalue - value) == 0
    if not linear or 0 in (slope, fixed) or is_negative(sign_taken_in(subject.tidy(slope))):
        return greater(subject.tidy(value), sympy.S.Zero, evaluate=False)
    common = sympy.gcd(slope, fixed)
    number = abs(sympy.Poly(common, *common.free_symbols).LC()) if common.free_symbols else common
    slope, fixed = (sign_taken_in(subject.tidy(sympy.cancel(x / number))) for x in (slope, fixed))
    return less(slope * eigenvalue, fixed, evaluate=False)
