"""Memory 1 by Theorems 6 and 7: ranges of the noise summand, and large effective rates."""

from __future__ import annotations

from typing import Any

import sympy

from sgdmem.symbolic.derivations.points import Point, number_at
from sgdmem.symbolic.derivations.sections.noise import exact_summand
from sgdmem.symbolic.derivations.statements import Equation, Limit, Remark, Section, Side
from sgdmem.symbolic.derivations.subject import Subject
from sgdmem.symbolic.regions import memory_one_summand, regions

# Powers of a small number: the damping, the effective learning rate, and the eigenvalue in each of
# the three ranges, as in `sgdmem.symbolic.regions`.
_DAMPING, _RATE, _EIGENVALUES = 4, -2, (6, 3, 0)


def acceleration(subject: Subject) -> Section | None:
    """Return the section about Theorem 7, for symbolic methods of memory 1 with a second rate."""
    few = subject.memory != 1 or subject.shifted or len(subject.parameters) < 3
    if few or not subject.has_summand:
        return None
    letters, line = subject.letters, subject.writer.line
    lam, letter = letters.eigenvalue, line(letters.eigenvalue)
    d0, q0 = subject.det_D[0], subject.tidy(subject.Q[0])
    rate = subject.tidy(-sympy.Add(*subject.Q) / (1 + d0))
    if q0 == 0 or subject.tidy(1 + d0) == 0:
        return None
    section = Section("Large effective learning rates")
    delta, pull, eff = (
        subject.named(latex, meaning)
        for latex, meaning in ((r"\delta", 1 + d0), ("q_0", q0), (r"\alpha_{\mathrm{eff}}", rate))
    )
    shown = [(r"\delta", 1 - subject.D[0, 0]), ("q_0", q0), (r"\alpha_{\mathrm{eff}}", rate)]
    starts = [
        r"The coordinates of \cite[Theorem 6]{sgd-with-memory} are the damping $\delta = 1 - D$,",
        "the constant coefficient $q_0 = Q(0)$,",
        "and the effective learning rate:",
    ]
    for rule, (latex, value) in zip(starts, shown, strict=True):
        if subject.writer.line(subject.tidy(value)) != latex:
            section.statements.append(
                Equation(rule, [Side(value, latex), Side(subject.tidy(value))])
            )
    top, bottom = memory_one_summand(eff, pull, delta, lam)
    s = f"s_{{{letter}}}"
    section.statements.append(
        Equation(
            r"In these the noise summand is \cite[eq. (25)]{sgd-with-memory}",
            [Side(exact_summand(subject), s), Side(subject.tidy(top / bottom))],
        )
    )
    positive = sympy.symbols("delta q0 eff lam", positive=True, cls=sympy.Dummy)
    back = dict(zip(positive, (delta, pull, eff, lam), strict=True))
    d, q, e, x = positive
    for number, (region, order) in enumerate(zip(regions(e, q, d, x), _EIGENVALUES, strict=True)):
        begins, end, simple = (subject.tidy(sympy.sympify(part).xreplace(back)) for part in region)
        ends = (
            rf"{letter} \ll {line(end)}"
            if number == 0
            else rf"{line(begins)} \ll {letter} < {line(end)}"
            if number == 2
            else rf"{line(begins)} \ll {letter} \ll {line(end)}"
        )
        section.statements.append(
            Limit(
                r"For $\delta \ll 1$, $\delta \alpha_{\mathrm{eff}} \ll q_0 \ll "
                r"\alpha_{\mathrm{eff}}$ it has three ranges \cite[eq. (26)]{sgd-with-memory}:"
                if number == 0
                else "",
                top / bottom,
                simple,
                {delta: _DAMPING, eff: _RATE, lam: order},
                name=s,
                where=ends,
            )
        )
    section.statements += _sum(subject, delta, pull, eff)
    return section


def _sum(subject: Subject, d: Any, q: Any, e: Any) -> list[Any]:
    letters, line = subject.letters, subject.writer.line
    letter = line(letters.eigenvalue)
    nu, scale = letters.spectral_exponent, letters.spectral_scale
    N, L0 = line(nu), line(scale)
    K = sympy.pi / nu / sympy.sin(sympy.pi / nu)
    result = e * d ** (1 - 1 / nu) * q ** (1 / nu - 1) * scale ** (1 / nu) * K / 2

    # After lambda = delta y / q0 the integral is a beta function.
    beta = sympy.gamma(1 - 1 / nu) * sympy.gamma(1 / nu)
    integral = e * scale ** (1 / nu) / (2 * nu) * (d / q) ** (1 - 1 / nu) * beta

    def above_one(point: Point) -> Point:
        """Return a point with an exponent above 1, and other values for what must be positive."""
        return {**point, nu: 1 + point[nu], **{s: abs(point[s]) for s in (d, q, e)}}

    return [
        Equation(
            rf"The first two ranges join in $\tfrac12 \alpha_{{\mathrm{{eff}}}} \delta {letter} / "
            rf"(\delta + q_0 {letter})$. For a power law ${letter}_k = {L0} k^{{-{N}}}$ with "
            rf"${N} > 1$ they add up to",
            [
                Side(
                    lambda point: number_at(integral, above_one(point)),
                    rf"\int_0^\infty \frac{{\alpha_{{\mathrm{{eff}}}} \delta {letter}}}"
                    rf"{{2 (\delta + q_0 {letter})}} \, \frac{{{L0}^{{1/{N}}}}}{{{N}}} "
                    rf"{letter}^{{-1 - 1/{N}}} \, d{letter}",
                ),
                Side(
                    lambda point: number_at(result, above_one(point)),
                    rf"\frac{{\alpha_{{\mathrm{{eff}}}} {L0}^{{1/{N}}}}}{{2}} "
                    rf"\left(\frac{{\delta}}{{q_0}}\right)^{{1 - 1/{N}}} "
                    rf"\frac{{\pi/{N}}}{{\sin(\pi/{N})}}",
                ),
            ],
            free=(nu, scale, d, q, e),
        ),
        Remark(
            rf"The third range is that of plain SGD with learning rate $q_0$. So the noise sum "
            rf"stays bounded as $\delta \to 0$ at fixed $q_0$ exactly as long as "
            rf"$\alpha_{{\mathrm{{eff}}}} = O(\delta^{{-(1 - 1/{N})}})$: the effective learning "
            r"rate can grow without limit \cite[Theorem 7]{sgd-with-memory}, which heavy ball, "
            r"with $q_0 = 0$, cannot do."
        ),
    ]
