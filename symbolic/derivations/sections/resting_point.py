"""Where a method that shrinks w comes to rest: not at the minimum, and each at another point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from flint import fmpq, fmpq_mat

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_second_moments import identity
from sgdmem.symbolic.derivations.statements.exact_values import Point, number_at
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject


def resting_point(subject: Subject) -> Iterator[Statement]:
    """Derive the resting point along an eigenvector, where w shrinks at each step."""
    if not subject.shrinks:
        return
    w, line = subject.letters.weights, subject.writer.line
    letter, omega = line(subject.letters.eigenvalue), line(subject.letters.weight_decay)
    P, Q = (subject.tidy(sympy.Add(*x)) for x in (subject.P_in_d, subject.q))
    if P == Q == 0:
        yield Remark(r"There is none: for every eigenvalue $\chi$ has the root 1.")
        return
    sides = [written("P(1)"), Side(P)]
    if subject.memory:
        sigma = subject.tidy(subject.shrink)
        sides.insert(1, written(subject.writer.signed([(sigma, r"\det(1 - D)")])))
    yield Equation(
        rf"At rest nothing depends on time. Along an eigenvector the gradient is ${letter} "
        rf"(y - {w}_*)$, if it is taken at $y$, and $P(1) \, y = Q(1) \, {letter} (y - {w}_*)$. Here",
        sides,
    )
    yield Equation("and", [written("Q(1)"), Side(Q)])
    bottom = rf"P(1) - {letter} Q(1)"
    rests = f"{w}_{{\\mathrm{{rest}}}}"
    at_gradient = written(rf"\frac{{-{letter} Q(1)}}{{{bottom}}}")
    if not subject.shifted:
        sides = [Side(_at_rest(subject), rf"\frac{{{rests}}}{{{w}_*}}"), at_gradient]
        yield Equation(
            rf"The gradient is taken at ${w}$, which rests at",
            [*sides, *_written_out(subject, subject.Q)],
        )
    else:
        sides = [Side(_at_rest(subject, True), rf"\frac{{y_{{\mathrm{{rest}}}}}}{{{w}_*}}")]
        yield Equation(
            "The gradient is taken at", [*sides, at_gradient, *_written_out(subject, subject.Q)]
        )
        own = subject.writer.signed([(subject.tidy(-subject.alpha), r"\det(1 - D)")])
        inner = r"b^{\mathsf T} \operatorname{adj}(1 - D) \, c"
        inner = f"{' '.join(own)} + {inner}" if subject.alpha != 0 else inner
        output = tuple(map(to_sympy, subject.algorithm.polynomials.Q_output))
        found = [
            # an adjugate is read as determinant times inverse
            *([] if subject.remembers else [written(rf"-\frac{{{letter} ({inner})}}{{{bottom}}}")]),
            *_written_out(subject, output),
        ]
        rule = (
            rf"and ${w}$ rests, by the same equation with the row of ${w}$ in the place of $r$, at"
        )
        if found:
            yield Equation(rule, [Side(_at_rest(subject), rf"\frac{{{rests}}}{{{w}_*}}"), *found])
    if subject.remembers:
        yield Remark(
            rf"Since $D$ has the eigenvalue 1, $P(1) = 0$: gradients are taken at ${w}_*$ at rest."
        )
        return
    yield Remark(
        "It exists wherever the method is stable, and depends on the method."
        if subject.shifted or Q == 0
        else rf"It exists wherever the method is stable, and depends on the method: it is the "
        rf"minimum of the loss with the penalty $\frac12 {omega} {w}^2$, ${omega} = -P(1)/Q(1)$."
    )


def _written_out(subject: Subject, Q: Any) -> list[Side]:
    """Return the resting point in the method's own entries, where they are short."""
    if not subject.is_short:
        return []
    lam = subject.letters.eigenvalue
    below = sympy.Add(*subject.P_in_d) - lam * sympy.Add(*subject.q)
    return [Side(subject.tidy(sympy.cancel(-lam * sympy.Add(*Q) / below)))]


def _at_rest(subject: Subject, of_gradient: bool = False) -> Any:
    """Return a function that finds the resting point over the minimum from the state matrix."""

    def value(point: Point) -> Any:
        S, _, r = subject.at(point)
        size = subject.memory + 1
        pull = fmpq_mat(size, 1, [-number_at(subject.shrink, point), *[fmpq(0)] * (size - 1)])
        state = (identity(size) - S).solve(pull)  # relative to the minimum
        return 1 + ((r.transpose() * state)[0, 0] if of_gradient else state[0, 0])

    return value
