"""The noise summand: the recursion step by step, the result, its poles, small eigenvalues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from flint import fmpq, fmpq_poly

from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.derivations.sections.stability import half_plane_names, meanings
from sgdmem.symbolic.derivations.sections.summand_in_parts import summand_in_parts
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_second_moments import summed_response
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.expansions import Series
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import EXPANDED_MEMORY, Subject
from sgdmem.symbolic.derivations.typesetting.writer import ROOM, block, filled, raised
from sgdmem.symbolic.stability.noise_fraction import noise_fraction

_WRITTEN_OUT = 2  # memory to which the summand is
_LONGEST_COEFFICIENT = 200  # characters of a second coefficient that is worth reading


def noise(subject: Subject) -> Iterator[Statement]:
    """Derive the noise summand, its poles and its slope."""
    yield from noise_recursion(subject)
    if not subject.has_summand:
        return
    name = f"s_{{{subject.writer.line(subject.letters.eigenvalue)}}}"
    if subject.is_short and subject.memory <= _WRITTEN_OUT and subject.summand != 0:
        yield from _single_pole(subject, name)
        yield from _poles(subject)
    if subject.has_slope:
        yield _small(subject, name)


def noise_recursion(subject: Subject) -> Iterator[Statement]:
    """Derive the noise summand by Astrom's recursion."""
    letters, writer = subject.letters, subject.writer
    letter = writer.line(letters.eigenvalue)
    name = f"s_{{{letter}}}"
    yield Remark(
        rf"Noise that enters the gradient moves the point at which it is taken through the "
        rf"transfer function $Q/(P - {letter} Q)$, and so the gradient there by ${letter}$ times "
        rf"as much. The energy that comes back is ${name} = {letter}^2 \lVert Q/(P - {letter} Q) "
        rf"\rVert^2$, the norm squared being the sum of the squares of the impulse response. In "
        rf"the half plane ${name} = 2 {letter}^2 \lVert \hat Q/\hat\chi \rVert^2$ with the "
        rf"norm of continuous time, which Åström's recursion~\cite[ch. 5]{{astrom}} finds "
        rf"with the Routh array. All this is for eigenvalues that are stable without noise."
    )
    if not subject.has_summand:
        yield Remark(
            r"The recursion does not apply here: for every eigenvalue a root of $\chi$ lies on "
            r"the unit circle, or two roots have the product 1."
        )
        return
    a, b, M = half_plane_names(subject), numerator_names(subject), subject.memory
    yield replace(_numerator(subject), rule="For the numerator,")
    yield from meanings(subject, [symbol for symbol in b if symbol != 0])
    steps, terms = _recursion(subject, a, b)
    yield from steps
    first, *others = map(writer.line, terms)
    lines = filled([first, *(f"+ {term}" for term in others)], writer.room - 75)
    total = rf"\left( {block(lines)} \right)" if others else rf"\cdot {first}"
    total = f"{letter}^2 {total}"
    sides = [written(name), written(total)]
    yield Equation("Adding what the steps contribute gives the noise summand", sides)
    if 1 <= M <= EXPANDED_MEMORY:
        yield replace(_over_a_denominator(subject), rule="or, over a common denominator,")
    if subject.is_short and M <= _WRITTEN_OUT:
        rule = "With the coefficients put in,"
        parts = summand_in_parts(subject, name, subject.summand)
        yield from (replace(x, rule="" if k else rule) for k, x in enumerate(parts))


def numerator_names(subject: Subject) -> list[Any]:
    """Return names for the coefficients of Q-hat, highest power first; 0 for those that vanish."""
    if not subject.numerator_names:
        values = map(subject.tidy, to_half_plane(subject.q))
        subject.numerator_names = [
            value if value == 0 else subject.named(rf"\hat b_{k}", value)
            for k, value in enumerate(values, start=1)
        ]
    return subject.numerator_names


def _numerator(subject: Subject) -> Equation:
    """Say what the names of the coefficients of Q-hat stand for."""
    b, M, line = numerator_names(subject), subject.memory, subject.writer.line
    Z = line(subject.letters.half_plane)
    powers = (rf"{line(b[k])} {raised(Z, M - k)}".strip() for k in range(M + 1) if b[k] != 0)
    shape = " + ".join(powers) or "0"
    moved = rf"{raised(f'(1 - {Z})', M)} Q\left(\frac{{1 + {Z}}}{{1 - {Z}}}\right)"
    return Equation("", [written(rf"\hat Q({Z})"), written(moved), written(shape)])


def _over_a_denominator(subject: Subject) -> Equation:
    """Return the noise summand in the coefficients of chi-hat and Q-hat."""
    lam = subject.letters.eigenvalue
    fraction = subject.tidy(_one_fraction(half_plane_names(subject), numerator_names(subject)))
    if subject.memory >= EXPANDED_MEMORY and subject.writer.room < ROOM[1]:
        above, below = sympy.fraction(fraction)  # brackets in brackets have no room there
        fraction = sympy.expand(above) / below
    return Equation("", [written(f"s_{{{subject.writer.line(lam)}}}"), Side(lam**2 * fraction)])


def half_plane_summand(subject: Subject) -> list[Equation]:
    """Return the noise summand with what it is made of, for coefficients that are long."""
    return [_numerator(subject), _over_a_denominator(subject)]


def exact_summand(subject: Subject) -> Any:
    """Return a function that finds s at a point from the second moments themselves."""
    lam = subject.letters.eigenvalue

    def value(point: Point) -> Any:
        return point[lam] ** 2 * summed_response(*subject.at(point))

    return value


def _recursion(subject: Subject, a: list[Any], b: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the statements of the steps, and what each step contributes."""
    changes: dict[int, list[Equation]] = {}

    def named(kind: str, step: int, index: int, value: Any) -> Any:
        symbol = subject.routh.get((step, index)) if kind == "a" else None
        if symbol is None:
            symbol = subject.named(rf"\hat {kind}_{{{index}}}^{{({step})}}", value)
            before = changes.setdefault(step, [])
            rule = "and" if before else f"Step {step} of the recursion changes"
            before.append(Equation(rule, [Side(symbol), Side(value)]))
        return symbol

    terms = _contributions(a, b, named)
    return [statement for step in changes.values() for statement in step], terms


def _contributions(a: list[Any], b: list[Any], named: Callable[..., Any]) -> list[Any]:
    """Return what each step of the recursion contributes; ``named`` names what a step changes."""
    a, b = list(a), list(b)
    terms = []
    for step in range(1, len(b) + 1):
        terms.append(b[0] ** 2 / (a[0] * a[1]))
        rows = (("a", a, len(a) - 1, a[0], step - 1), ("b", b, len(b), b[0], step))
        for kind, row, end, factor, shift in rows:
            for i in range(2, end, 2):
                if factor != 0 and a[i + 1] != 0:
                    value = row[i] - factor / a[1] * a[i + 1]
                    row[i] = named(kind, step, i + shift, value)
        del a[0], b[0]
    return terms


def _one_fraction(a: Any, b: Any) -> Any:
    """Return what the steps contribute as one fraction in the coefficients."""
    plain_a = [sympy.Symbol(f"a{k}") if x != 0 else x for k, x in enumerate(a)]
    plain_b = [sympy.Symbol(f"b{k}") if x != 0 else x for k, x in enumerate(b)]
    back = {p: x for p, x in zip((*plain_a, *plain_b), (*a, *b), strict=True) if p != 0}
    terms = _contributions(plain_a, plain_b, lambda kind, step, index, value: value)
    return sympy.factor(sympy.Add(*terms)).xreplace(back)


def _single_pole(subject: Subject, name: str) -> Iterator[Statement]:
    """Yield the inverse of the summand, if it is linear in that of the eigenvalue."""
    if subject.linear_inverse is None:
        return
    writer, letter = subject.writer, subject.writer.line(subject.letters.eigenvalue)
    fixed, moving = subject.linear_inverse
    text = " ".join([writer.line(fixed), *_added(writer.signed([(moving, letter)]))])
    yield Equation(
        "which is the same as", [written(rf"\frac{{{letter}}}{{{name}}}"), written(text)]
    )


def _poles(subject: Subject) -> Iterator[Statement]:
    lam = subject.letters.eigenvalue
    letter = subject.writer.line(lam)
    bottom = sympy.fraction(subject.summand)[1]
    _, factors = sympy.factor_list(bottom)
    poles = []
    for factor, _ in factors:
        polynomial = sympy.Poly(factor, lam)
        if polynomial.degree() == 1:
            poles.append(subject.tidy(-polynomial.nth(0) / polynomial.nth(1)))
        elif polynomial.degree() > 1:
            return
    for number, pole in enumerate(poles, start=1):
        rule = (
            rf"Noiseless stability can end only where $s_{{{letter}}}/{letter}$ has a pole. "
            + ("Its only one is" if len(poles) == 1 else "Its poles are")
            if number == 1
            else "and"
        )
        mark = f"{letter}^{{\\circ}}" if len(poles) == 1 else f"{letter}^{{\\circ}}_{number}"
        yield Equation(rule, [Side(_nearest_pole(subject, pole), mark), Side(pole)])


def _nearest_pole(subject: Subject, pole: Any) -> Any:
    """Return a function that finds the zero of the denominator, at a point, next to a pole."""

    def value(point: Point) -> Any:
        guess = subject.names.evaluate(pole, dict(point))
        _, denominator = noise_fraction(subject.member(point).half_plane_form)
        polynomial = fmpq_poly([fmpq(c.numerator, c.denominator) for c in denominator])
        factors = (factor for factor, _ in polynomial.numer().factor()[1] if factor.degree() == 1)
        roots = [fmpq(-int(factor[0]), int(factor[1])) for factor in factors]
        return min(roots, key=lambda root: abs(root - guess), default=None)

    return value


def _small(subject: Subject, name: str) -> Any:
    """Return the expansion at small eigenvalues."""
    lam, writer = subject.letters.eigenvalue, subject.writer
    letter = writer.line(lam)
    if subject.shrinks:
        return _small_of_shrinking(subject, name)
    coefficients = [subject.tidy(subject.effective_rate / 2)]
    if subject.is_short and subject.memory <= 2:
        top, bottom = sympy.fraction(subject.summand)
        t, b = (sympy.Poly(sympy.expand(part), lam).all_coeffs()[::-1] for part in (top, bottom))
        second = (t[2] if len(t) > 2 else 0) / b[0] - t[1] * (b[1] if len(b) > 1 else 0) / b[0] ** 2
        second = subject.tidy(second)
        if len(str(second)) < _LONGEST_COEFFICIENT:
            coefficients.append(second)

    return Series(
        rf"At small eigenvalues the effective learning rate is all that counts to leading order, "
        rf"${name} = \frac12 \alpha_{{\mathrm{{eff}}}} {letter} + O({letter}^2)$:",
        name,
        _in_eigenvalue(subject),
        lam,
        coefficients,
    )


def _small_of_shrinking(subject: Subject, name: str) -> Any:
    """Return the expansion at small eigenvalues where w shrinks at each step."""
    lam = subject.letters.eigenvalue
    letter = subject.writer.line(lam)
    rule = (
        rf"At small eigenvalues nothing is left of the gradient in the denominator, ${name} = "
        rf"{letter}^2 \lVert Q/P \rVert^2 + O({letter}^3)$"
    )
    if subject.is_short and subject.memory <= 2:
        top, bottom = sympy.fraction(subject.summand)
        second = sympy.expand(top).coeff(lam, 2) / sympy.expand(bottom).coeff(lam, 0)
        second = subject.tidy(second)
        if len(str(second)) < _LONGEST_COEFFICIENT:
            return Series(f"{rule}:", name, _in_eigenvalue(subject), lam, [sympy.S.Zero, second])
    return Remark(f"{rule}.")


def _in_eigenvalue(subject: Subject) -> Callable[[Point], Any]:
    """Return a function that finds numerator and denominator of s at a point."""

    def value(point: Point) -> Any:
        top, bottom = noise_fraction(subject.member(point).half_plane_form)
        return [Fraction(0), *top], bottom

    return value


def _added(terms: list[str]) -> list[str]:
    return [term if term.startswith("-") else f"+ {term}" for term in terms]
