"""What cancels between P and Q: the method that is left, and the modes that nothing shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import sympy

from sgdmem.symbolic.derivations.sections.characteristic import named_coefficients
from sgdmem.symbolic.derivations.sections.learning_rate import ALPHA_EFF
from sgdmem.symbolic.derivations.sections.minimal_conditions import hidden_conditions
from sgdmem.symbolic.derivations.sections.same_as import same_as
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.reduced_subject import ReducedSubject, what_is_left
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement, listed
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.expressions.products import times


def reduced_method(subject: Subject) -> Iterator[Statement]:
    """Show the factor that P and Q of a whole method share, and say what is left."""
    left = what_is_left(subject)
    if not isinstance(left, ReducedSubject):
        return
    root = subject.writer.line(subject.letters.root)
    P, Q = (left.polynomial(x) for x in (left.det_D, left.Q))
    yield Equation(
        rf"$P$ and $Q$ have the factor $F({root}) = {subject.writer.line(left.common)}$ in common:",
        [written(f"P({root})"), Side(left.tidy(left.common * left.own_factor * P))],
    )
    yield Equation("and", [written(f"Q({root})"), Side(left.tidy(left.common * Q))])
    yield Remark(f"{hidden_modes(left)} {_what_they_obey(left)} that is left.")


def what_cancels(subject: Subject) -> Iterator[Statement]:
    """Say it in a proposition, whose P and Q are those that are left, and what the method is."""
    if not isinstance(subject, ReducedSubject):
        return
    known = next(same_as(subject), None)
    words = f"The factor $F$ cancels in $Q/P$. {hidden_modes(subject)}"
    if isinstance(known, SameMethod):
        rest = known.rule[0].lower() + known.rule[1:]
        yield replace(known, rule=f"{words} {_apart(subject)}, {rest}")
    else:
        yield Remark(f"{words} {_what_they_obey(subject)} of $P$ and $Q$.")


def hidden_modes(subject: ReducedSubject) -> str:
    """Return in words what the roots of F are, and whether they die out."""
    several = len(subject.factor) > 2
    roots = "Its roots belong to hidden modes" if several else "Its root belongs to a hidden mode"
    read = f"which {'are' if several else 'is'} not read where gradients are taken"
    kind = "which no gradient excites"
    if subject.is_unread:
        kind = read
    elif not subject.is_unreached:
        kind = f"{kind} or {read}"
    if not subject.is_silent:
        kind += ", but at the weights"
    if subject.judged is subject:
        fate = (
            f"{'One of them' if several else 'It'} never dies out, so that the method as a whole "
            f"is {'stable for no parameters' if subject.parameters else 'unstable'}: what a start "
            "puts into it stays or grows"
        )
        if not subject.is_silent:
            fate += ", and so does what gradients bring to the weights"
    elif subject.hidden_bounds:
        rows = hidden_conditions(subject, "").rows(subject.writer)
        bounds = re.split(r", (?:\\qquad )?", " ".join(f"{left}{right}" for left, right in rows))
        which = "They die" if several else "It dies"
        needed = listed([f"${bound}$" for bound in bounds])
        fate = f"{which} out if and only if {needed}, on which stability depends, too"
    elif several:
        fate = "They die out by themselves, all roots being inside the unit circle"
    else:
        fate = "It dies out by itself, the root being inside the unit circle"
    return f"{roots}, {kind}. {fate}."


def dying_out(subject: ReducedSubject) -> Iterator[Statement]:
    """Say when hidden modes die out, where that is not always or never so."""
    if subject.hidden_bounds and subject.judged is not subject:
        yield hidden_conditions(
            subject,
            "The roots of $F$, too, are among those of the characteristic polynomial. They lie "
            "strictly inside the unit disk if and only if",
        )


def _what_they_obey(subject: ReducedSubject) -> str:
    where = (
        "the points at which gradients are taken obey" if subject.shifted else "the weights obey"
    )
    return f"{_apart(subject)} {where} the recurrence of memory ${subject.memory}$"


def _apart(subject: ReducedSubject) -> str:
    return f"Apart from {'them' if len(subject.factor) > 2 else 'it'}"


def factored_characteristic(subject: ReducedSubject) -> Iterator[Statement]:
    """Derive the characteristic polynomial, of which F is a factor."""
    line = subject.writer.line
    x = subject.letters.root
    root, letter = line(x), line(subject.letters.eigenvalue)
    adjugate = rf"r^{{\mathsf T}} \operatorname{{adj}}({root} - S_0) \, v"
    yield Equation(
        r"The gradient enters through a matrix of rank one, so that by the matrix determinant "
        r"lemma the characteristic polynomial is linear in the eigenvalue:",
        [
            written(rf"\det\left({root} - S_{{{letter}}}\right)"),
            written(rf"\det({root} - S_0) - {letter} \, {adjugate}"),
            written(rf"F({root}) (P({root}) - {letter} \, Q({root}))"),
        ],
    )
    P, Q = subject.det_D, subject.Q
    yield Equation(
        "The determinant and the adjugate are",
        [
            written(rf"\det({root} - S_0)"),
            Side(subject.tidy(subject.common * subject.own_factor * subject.polynomial(P))),
        ],
    )
    product = sympy.Poly(sympy.expand(subject.common * subject.polynomial(Q)), x)
    yield Equation(
        "and", [written(adjugate), Side(subject.as_fits(product.all_coeffs()[::-1], adjugate))]
    )
    if not subject.is_short:  # the names of coefficients, in which all that follows is written
        own = line(subject.own_factor)
        powers = sympy.Add(*(times(d, x**k) for k, d in enumerate((*subject.d, sympy.S.One))))
        yield Equation(
            "Without the common factor they are",
            [written(f"P({root})"), written(f"({own}) ({line(powers)})")],
        )
        yield Equation(
            "and",
            [
                written(f"Q({root})"),
                Side(sympy.Add(*(times(q, x**k) for k, q in enumerate(subject.q)))),
            ],
        )
        yield from named_coefficients(subject, "d", subject.d, P)
        yield from named_coefficients(subject, "q", subject.q, Q, "and")


def settled_rate(subject: ReducedSubject) -> Iterator[Statement]:
    """Return the effective learning rate."""
    if subject.effective_rate is not None:
        sides = [written(ALPHA_EFF), written(r"-\frac{Q(1)}{P'(1)}"), Side(subject.effective_rate)]
        if not subject.is_short:
            sides.append(Side(subject.tidy(-sympy.Add(*subject.Q) / sympy.Add(*subject.det_D))))
        yield Equation(
            r"The length of a settled step against a unit gradient, by definition the effective "
            r"learning rate~\cite[eq. (22)]{yarotsky2024}, is",
            sides,
        )
