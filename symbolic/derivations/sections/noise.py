"""The noise summand: the recursion step by step, the result, its poles, small eigenvalues."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import sympy
from flint import fmpq, fmpq_poly

from sgdmem.symbolic.derivations.points import Point
from sgdmem.symbolic.derivations.second_moments import summed_response
from sgdmem.symbolic.derivations.sections.stability import half_plane_names
from sgdmem.symbolic.derivations.statements import Equation, Remark, Section, Series, Side
from sgdmem.symbolic.derivations.subject import EXPANDED_MEMORY, Subject
from sgdmem.symbolic.derivations.writer import raised, times
from sgdmem.symbolic.noise_fraction import noise_fraction


def noise(subject: Subject) -> Section:
    """Return the section that derives the noise summand."""
    letters, writer = subject.letters, subject.writer
    lam, z = letters.eigenvalue, letters.half_plane
    letter, Z = writer.line(lam), writer.line(z)
    section = Section("Noise summand")
    summand = exact_summand(subject)
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
    b_values = [_q_hat(subject, k) for k in range(subject.memory + 1)]
    b = [_named(subject, rf"\hat b_{k}", value) for k, value in enumerate(b_values, start=1)]
    M = subject.memory
    powers = [f"{Z}^{{{M - k}}}" if M - k > 1 else Z if M - k else "" for k in range(M + 1)]
    shape = " + ".join(rf"\hat b_{k} {power}".strip() for k, power in enumerate(powers, start=1))
    Q = sympy.Add(*(q * letters.root**k for k, q in enumerate(subject.q)))

    def mapped(point: Point) -> Any:
        at = (1 + point[z]) / (1 - point[z])
        return (1 - point[z]) ** M * subject.names.evaluate(Q, {**point, letters.root: at})

    section.statements.append(
        Equation(
            "For the numerator,",
            [
                Side(mapped, rf"\hat Q({Z})"),
                Side(
                    mapped, rf"{raised(f'(1 - {Z})', M)} Q\left(\frac{{1 + {Z}}}{{1 - {Z}}}\right)"
                ),
                Side(sympy.Add(*(value * z ** (M - k) for k, value in enumerate(b_values))), shape),
            ],
            free=(z,),
        )
    )
    for k, value in enumerate(b_values, start=1):
        rule = "with" if k == 1 else "and" if k == M + 1 else ""
        section.statements.append(Equation(rule, [Side(b[k - 1]), Side(value)]))
    steps, terms = _recursion(subject, a, b)
    section.statements += steps
    total = sympy.Mul(lam**2, sympy.Add(*terms, evaluate=False), evaluate=False)
    written = f"{letter}^2 " + (
        rf"\left( {' + '.join(map(writer.line, terms))} \right)"
        if len(terms) > 1
        else rf"\cdot {writer.line(terms[0])}"
    )
    section.statements.append(
        Equation(
            "Adding what the steps contribute gives the noise summand",
            [Side(summand, name), Side(total, written)],
        )
    )
    if 1 <= M <= EXPANDED_MEMORY:
        section.statements += _one_fraction(subject, a, b, summand, name)
    if subject.is_short and M <= 2:
        section.statements += _written_out(subject, summand, name)
    if subject.has_slope:
        section.statements.append(_small(subject, name))
    return section


_LONGEST_COEFFICIENT = 200  # characters of a second coefficient that is worth reading


def exact_summand(subject: Subject) -> Any:
    """Return a function that finds s at a point from the second moments themselves."""
    lam = subject.letters.eigenvalue

    def value(point: Point) -> Any:
        return point[lam] ** 2 * summed_response(*subject.at(point))

    return value


def _named(subject: Subject, latex: str, meaning: Any) -> Any:
    return meaning if meaning == 0 else subject.named(latex, meaning)


def _q_hat(subject: Subject, place: int) -> Any:
    """Return coefficient number ``place`` of Q-hat, highest power first."""
    M = subject.memory
    total = sympy.Integer(0)
    for power, q in enumerate(subject.q):
        weight = sum(
            comb(power, i) * comb(M - power, M - place - i) * (-1) ** (M - place - i)
            for i in range(power + 1)
            if 0 <= M - place - i <= M - power
        )
        total += weight * q
    return subject.tidy(total)


def _recursion(subject: Subject, a: list[Any], b: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the statements of the steps, and what each step contributes."""
    statements: list[Any] = []
    terms = []
    n = len(b)
    a, b = list(a), list(b)
    for step in range(1, n + 1):
        terms.append(b[0] ** 2 / (a[0] * a[1]))
        changes: list[Any] = []
        for kind, row, end, factor in (("a", a, len(a) - 1, a[0]), ("b", b, len(b), b[0])):
            for i in range(2, end, 2):
                other = a[i + 1]
                new = row[i] - factor / a[1] * other
                if factor == 0 or other == 0:
                    continue
                index = i + step - 1 if kind == "a" else i + step
                symbol = subject.routh.get((step, index)) if kind == "a" else None
                if symbol is None:
                    symbol = subject.named(rf"\hat {kind}_{{{index}}}^{{({step})}}", new)
                    changes.append((symbol, new))
                row[i] = symbol
        for number, (symbol, new) in enumerate(changes):
            rule = f"Step {step} of the recursion changes" if number == 0 else "and"
            statements.append(Equation(rule, [Side(symbol), Side(new)]))
        del a[0], b[0]
    return statements, terms


def _one_fraction(subject: Subject, a: Any, b: Any, summand: Any, name: str) -> list[Any]:
    """Return the summand as one fraction in the coefficients."""
    lam = subject.letters.eigenvalue
    plain_a = [sympy.Symbol(f"a{k}") if x != 0 else x for k, x in enumerate(a)]
    plain_b = [sympy.Symbol(f"b{k}") if x != 0 else x for k, x in enumerate(b)]
    back = {p: x for p, x in zip((*plain_a, *plain_b), (*a, *b), strict=True) if p != 0}
    total = sympy.factor(sympy.Add(*_plain_terms(plain_a, plain_b))).xreplace(back)
    return [
        Equation(
            "or, over a common denominator,",
            [Side(summand, name), Side(lam**2 * subject.tidy(total))],
        )
    ]


def _plain_terms(a: list[Any], b: list[Any]) -> list[Any]:
    terms = []
    a, b = list(a), list(b)
    while b:
        terms.append(b[0] ** 2 / (a[0] * a[1]))
        a_new = [
            x - a[0] / a[1] * a[i + 1] if i >= 2 and i % 2 == 0 and i + 1 < len(a) else x
            for i, x in enumerate(a)
        ]
        b_new = [
            x - b[0] / a[1] * a[i + 1] if i >= 2 and i % 2 == 0 else x for i, x in enumerate(b)
        ]
        a, b = a_new[1:], b_new[1:]
    return terms


def _written_out(subject: Subject, summand: Any, name: str) -> list[Any]:
    lam, writer = subject.letters.eigenvalue, subject.writer
    letter = writer.line(lam)
    expression = subject.summand
    found: list[Any] = [
        Equation("With the coefficients put in,", [Side(summand, name), Side(expression)])
    ]
    if expression == 0:
        return found
    inverse = sympy.cancel(lam / expression)
    if (
        sympy.fraction(inverse)[1].has(lam) is False
        and sympy.degree(sympy.fraction(inverse)[0], lam) == 1
    ):
        pieces = sympy.Poly(sympy.expand(inverse), lam)
        fixed, moving = (subject.tidy(pieces.nth(power)) for power in (0, 1))
        text = " ".join([writer.line(fixed), *_added(writer.signed([(moving, letter)]))])
        found.append(
            Equation(
                "which is the same as",
                [
                    Side(
                        lambda point: point[lam] / summand(point),
                        rf"\frac{{{letter}}}{{{name}}}",
                    ),
                    Side(fixed + times(moving, lam), text),
                ],
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
    slope = sympy.Add(1, *subject.d)
    first = subject.tidy(-sympy.Add(*subject.q) / slope / 2)
    coefficients = [first]
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
        Side(in_eigenvalue, name),
        lam,
        coefficients,
    )


def _added(terms: list[str]) -> list[str]:
    return [term if term.startswith("-") else f"+ {term}" for term in terms]
