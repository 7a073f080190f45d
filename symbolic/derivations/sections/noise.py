"""The noise summand: the recursion step by step, the result, its poles, small eigenvalues."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from flint import fmpq, fmpq_poly

from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.derivations.sections.stability import half_plane_names
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_second_moments import summed_response
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.expansions import Series
from sgdmem.symbolic.derivations.statements.statement import Remark, Section
from sgdmem.symbolic.derivations.statements.subject import EXPANDED_MEMORY, Subject
from sgdmem.symbolic.derivations.typesetting.writer import raised
from sgdmem.symbolic.stability.noise_fraction import noise_fraction

_LONGEST_COEFFICIENT = 200  # characters of a second coefficient that is worth reading


def noise(subject: Subject) -> Section:
    """Return the section that derives the noise summand."""
    letters, writer = subject.letters, subject.writer
    lam, z = letters.eigenvalue, letters.half_plane
    letter, Z = writer.line(lam), writer.line(z)
    section = Section("Noise summand")
    name = f"s_{{{letter}}}"
    section.statements.append(
        Remark(
            rf"Noise that enters the gradient moves the point at which it is taken through the "
            rf"transfer function $Q/(P - {letter} Q)$, and so the gradient there by ${letter}$ times "
            rf"as much. The energy that comes back is ${name} = {letter}^2 \lVert Q/(P - {letter} Q) "
            rf"\rVert^2$, the norm squared being the sum of the squares of the impulse response. In "
            rf"the half plane ${name} = 2 {letter}^2 \lVert \hat Q/\hat\chi \rVert^2$ with the "
            rf"norm of continuous time, which Åström's recursion~\cite[ch. 5]{{astrom}} finds "
            rf"with the Routh array. All this is for eigenvalues that are stable without noise."
        )
    )
    if not subject.has_summand:
        section.statements.append(
            Remark(
                r"The recursion does not apply here: for every eigenvalue a root of $\chi$ lies on "
                r"the unit circle, or two roots have the product 1."
            )
        )
        return section
    a = half_plane_names(subject)
    b_values = list(map(subject.tidy, to_half_plane(subject.q)))
    b = [_named(subject, rf"\hat b_{k}", value) for k, value in enumerate(b_values, start=1)]
    M = subject.memory
    powers = (rf"{writer.line(b[k])} {raised(Z, M - k)}".strip() for k in range(M + 1) if b[k] != 0)
    shape = " + ".join(powers) or "0"
    section.statements.append(
        Equation(
            "For the numerator,",
            [
                written(rf"\hat Q({Z})"),
                written(rf"{raised(f'(1 - {Z})', M)} Q\left(\frac{{1 + {Z}}}{{1 - {Z}}}\right)"),
                written(shape),
            ],
        )
    )
    named = [symbol for symbol in b if symbol != 0]
    for k, symbol in enumerate(named, start=1):
        rule = "with" if k == 1 else "and" if k == len(named) else ""
        sides = [Side(symbol), Side(subject.names.meaning(symbol))]
        section.statements.append(Equation(rule, sides))
    steps, terms = _recursion(subject, a, b)
    section.statements += steps
    total = f"{letter}^2 " + (
        rf"\left( {' + '.join(map(writer.line, terms))} \right)"
        if len(terms) > 1
        else rf"\cdot {writer.line(terms[0])}"
    )
    section.statements.append(
        Equation(
            "Adding what the steps contribute gives the noise summand",
            [written(name), written(total)],
        )
    )
    if 1 <= M <= EXPANDED_MEMORY:
        section.statements += _one_fraction(subject, a, b, name)
    if subject.is_short and M <= 2:
        section.statements += _written_out(subject, name)
    if subject.has_slope:
        section.statements.append(_small(subject, name))
    return section


def exact_summand(subject: Subject) -> Any:
    """Return a function that finds s at a point from the second moments themselves."""
    lam = subject.letters.eigenvalue

    def value(point: Point) -> Any:
        return point[lam] ** 2 * summed_response(*subject.at(point))

    return value


def _named(subject: Subject, latex: str, meaning: Any) -> Any:
    return meaning if meaning == 0 else subject.named(latex, meaning)


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


def _one_fraction(subject: Subject, a: Any, b: Any, name: str) -> list[Any]:
    """Return the summand as one fraction in the coefficients."""
    lam = subject.letters.eigenvalue
    plain_a = [sympy.Symbol(f"a{k}") if x != 0 else x for k, x in enumerate(a)]
    plain_b = [sympy.Symbol(f"b{k}") if x != 0 else x for k, x in enumerate(b)]
    back = {p: x for p, x in zip((*plain_a, *plain_b), (*a, *b), strict=True) if p != 0}
    terms = _contributions(plain_a, plain_b, lambda kind, step, index, value: value)
    total = sympy.factor(sympy.Add(*terms)).xreplace(back)
    return [
        Equation(
            "or, over a common denominator,",
            [written(name), Side(lam**2 * subject.tidy(total))],
        )
    ]


def _written_out(subject: Subject, name: str) -> list[Any]:
    lam, writer = subject.letters.eigenvalue, subject.writer
    letter = writer.line(lam)
    expression = subject.summand
    found: list[Any] = [
        Equation("With the coefficients put in,", [written(name), Side(expression)])
    ]
    if expression == 0:
        return found
    if subject.linear_inverse is not None:
        fixed, moving = subject.linear_inverse
        text = " ".join([writer.line(fixed), *_added(writer.signed([(moving, letter)]))])
        found.append(
            Equation(
                "which is the same as",
                [written(rf"\frac{{{letter}}}{{{name}}}"), written(text)],
            )
        )
    found += _poles(subject, expression)
    return found


def _poles(subject: Subject, expression: Any) -> list[Any]:
    lam = subject.letters.eigenvalue
    letter = subject.writer.line(lam)
    bottom = sympy.fraction(expression)[1]
    _, factors = sympy.factor_list(bottom)
    poles = []
    for factor, _ in factors:
        polynomial = sympy.Poly(factor, lam)
        if polynomial.degree() == 1:
            poles.append(subject.tidy(-polynomial.nth(0) / polynomial.nth(1)))
        elif polynomial.degree() > 1:
            return []
    found = []
    for number, pole in enumerate(poles, start=1):
        rule = (
            rf"Noiseless stability can end only where $s_{{{letter}}}/{letter}$ has a pole. "
            + ("Its only one is" if len(poles) == 1 else "Its poles are")
            if number == 1
            else "and"
        )
        mark = f"{letter}^{{\\circ}}" if len(poles) == 1 else f"{letter}^{{\\circ}}_{number}"
        found.append(Equation(rule, [Side(_nearest_pole(subject, pole), mark), Side(pole)]))
    return found


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
    coefficients = [subject.tidy(subject.effective_rate / 2)]
    if subject.is_short and subject.memory <= 2:
        top, bottom = sympy.fraction(subject.summand)
        t, b = (sympy.Poly(sympy.expand(part), lam).all_coeffs()[::-1] for part in (top, bottom))
        second = (t[2] if len(t) > 2 else 0) / b[0] - t[1] * (b[1] if len(b) > 1 else 0) / b[0] ** 2
        second = subject.tidy(second)
        if len(str(second)) < _LONGEST_COEFFICIENT:
            coefficients.append(second)

    def in_eigenvalue(point: Point) -> Any:
        top, bottom = noise_fraction(subject.member(point).half_plane_form)
        return [Fraction(0), *top], bottom

    return Series(
        rf"At small eigenvalues the effective learning rate is all that counts to leading order, "
        rf"${name} = \frac12 \alpha_{{\mathrm{{eff}}}} {letter} + O({letter}^2)$:",
        name,
        in_eigenvalue,
        lam,
        coefficients,
    )


def _added(terms: list[str]) -> list[str]:
    return [term if term.startswith("-") else f"+ {term}" for term in terms]
