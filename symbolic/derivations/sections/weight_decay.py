"""Weight decay: the drift of a larger eigenvalue under the noise of the eigenvalue itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_second_moments import summed_response
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.width import width

_LONGEST_MEMORY = 1  # of what is written out
_BESIDE = 90  # points that a summand leaves for its name and the factor before it


def weight_decay(subject: Subject) -> Iterator[Statement]:
    """Derive what weight decay changes, where there is a noise summand."""
    if not subject.has_noise:
        return
    letters, line = subject.letters, subject.writer.line
    letter, omega = line(letters.eigenvalue), line(letters.weight_decay)
    nu, scale = line(letters.spectral_exponent), line(letters.spectral_scale)
    w, larger = letters.weights, rf"({letter} + {omega})"
    yield Remark(
        rf"Decay ${omega}$ in the gradient, $\nabla {letters.loss} + {omega} {w}$, is a curvature "
        rf"without noise: a mode drifts as that of ${letter} + {omega}$ does, about a point that "
        rf"it moves, and keeps the noise of ${letter}$."
    )
    root = line(letters.root)
    sides = [
        written(rf"\det\left({root} - S_0 - {larger} \, v r^{{\mathsf T}}\right)"),
        written(rf"P({root}) - {larger} Q({root})"),
    ]
    polynomial, summand = _written_out(subject, larger)
    if polynomial:
        sides.append(written(polynomial))
    yield Equation("Its characteristic polynomial is", sides)
    rule = (
        rf"and its noise summand, with which all that was said of mini-batches holds, that of "
        rf"${letter} + {omega}$ times $({letter}/{larger})^2$"
    )
    if summand:
        share = rf"\left(\frac{{{letter}}}{{{letter} + {omega}}}\right)^2"
        name = Side(_summand(subject), rf"s_{{{letter}, {omega}}}")
        yield Equation(f"{rule}:", [name, written(rf"{share} {summand}")])
    else:
        norm = rf"\lVert Q/(P - {larger} Q) \rVert^2"
        yield Remark(rf"{rule}, is ${letter}^2 {norm}$.")
    if subject.shrinks:
        return
    yield Remark(
        rf"For small ${letter}$ it is of the order of ${letter}^2$. On ${letter}_k = {scale} "
        rf"k^{{-{nu}}}$ the critical batch size is then finite for ${nu} > \frac12$. Decoupled "
        rf"decay, which multiplies ${w}$ by a factor below one at each step, puts "
        r"this factor in the place of the first entry of $S_0$, so that $P(1) \ne 0$; then there "
        r"is no effective learning rate."
    )


def _written_out(subject: Subject, name: str) -> tuple[str, str]:
    """Return the polynomial and the summand at the larger eigenvalue, where they are short."""
    if not subject.is_short or subject.memory > _LONGEST_MEMORY:
        return "", ""
    lam, decay, x = (getattr(subject.letters, y) for y in ("eigenvalue", "weight_decay", "root"))
    larger = subject.named(name, lam + decay)
    subject.writer.name(larger, name, rising=True)
    P = subject.own_factor * sympy.Add(*(d * x**k for k, d in enumerate(subject.det_D)))
    Q = sympy.Add(*(q * x**k for k, q in enumerate(subject.Q)))
    coefficients = sympy.Poly(sympy.expand(P - larger * Q), x).all_coeffs()[::-1]
    polynomial = subject.writer.line(subject.in_powers(coefficients, x))
    summand = subject.writer.line(subject.summand.xreplace({lam: larger}))
    summand = rf"\left({summand}\right)" if summand.startswith("-") else summand
    room = subject.writer.room - _BESIDE
    return tuple(text if width(text) <= room else "" for text in (polynomial, summand))  # type: ignore[return-value]


def _summand(subject: Subject) -> Any:
    """Return a function that finds s at a point from the second moments themselves."""
    lam, decay = subject.letters.eigenvalue, subject.letters.weight_decay

    def value(point: Point) -> Any:
        start, v, r = subject.matrices_at(point)
        drift = start + v * r.transpose() * (point[lam] + point[decay])
        return point[lam] ** 2 * summed_response(drift, v, r)

    return value
