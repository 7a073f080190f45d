"""Memory 1 by Theorems 6 and 7: ranges of the noise summand, and large effective rates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.expansions import Limit
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.systems.memory_one import memory_one_summand, regions

# Powers of a small number: the damping, the effective learning rate, and the eigenvalue in each of
# the three ranges, as in `sgdmem.symbolic.systems.memory_one`.
_DAMPING, _RATE, _EIGENVALUES = 4, -2, (6, 3, 0)


def acceleration(subject: Subject) -> Iterator[Statement]:
    """Derive Theorem 7, for symbolic methods of memory 1 with a second rate."""
    few = subject.memory != 1 or subject.shifted or len(subject.parameters) < 3
    if few or not subject.has_noise:
        return
    letters, line = subject.letters, subject.writer.line
    lam, letter = letters.eigenvalue, line(letters.eigenvalue)
    d0, q0 = subject.det_D[0], subject.tidy(subject.Q[0])
    rate = subject.effective_rate
    if q0 == 0 or rate is None:
        return
    delta = _coordinate(subject, 1 - subject.D[0, 0], r"\delta", r"\bar\delta")
    pull = _coordinate(subject, q0, "q_0", r"\bar q_0")
    eff = _coordinate(subject, rate, r"\alpha_{\mathrm{eff}}")
    starts = [
        r"The coordinates of \cite[Theorem 6]{yarotsky2024} are the damping $1 - D$,",
        "the constant coefficient $Q(0)$,",
        "and the effective learning rate:",
    ]
    for rule, symbol, value in zip(starts, (delta, pull, eff), (1 + d0, q0, rate), strict=True):
        if symbol not in subject.parameters:
            yield Equation(rule, [Side(symbol), Side(subject.tidy(value))])
    top, bottom = memory_one_summand(eff, pull, delta, lam)
    s = f"s_{{{letter}}}"
    yield Equation(
        rf"With the damping ${line(delta)} = 1 - D$, ${line(pull)} = Q(0)$ and ${line(eff)}$ the noise summand is "
        r"\cite[eq. (25)]{yarotsky2024}",
        [written(s), Side(subject.tidy(top / bottom))],
    )
    positive = sympy.symbols("delta q0 eff lam", positive=True, cls=sympy.Dummy)
    back = dict(zip(positive, (delta, pull, eff, lam), strict=True))
    d, q, e, x = positive
    for number, (region, order) in enumerate(zip(regions(e, q, d, x), _EIGENVALUES, strict=True)):
        begins, end, simple = (subject.tidy(sympy.sympify(part).xreplace(back)) for part in region)
        start = [] if number == 0 else [begins]
        signs = [*([r"\ll"] * len(start)), "<" if number == 2 else r"\ll"]
        yield Limit(
            rf"For ${line(delta)} \ll 1$, ${line(delta)} {line(eff)} \ll {line(pull)} \ll "
            rf"{line(eff)}$ it has three ranges \cite[eq. (26)]{{yarotsky2024}}:"
            if number == 0
            else "",
            top / bottom,
            simple,
            {delta: _DAMPING, eff: _RATE, lam: order},
            name=s,
            where=[*start, lam, end],
            relations=signs,
        )
    yield from _sum(subject, delta, pull, eff)


def _sum(subject: Subject, d: Any, q: Any, e: Any) -> Iterator[Statement]:
    letters, line = subject.letters, subject.writer.line
    letter = line(letters.eigenvalue)
    nu, scale = letters.spectral_exponent, letters.spectral_scale
    N, L0 = line(nu), line(scale)
    delta, pull, eff = map(line, (d, q, e))
    yield Equation(
        rf"The first two ranges join in $\tfrac12 {eff} {delta} {letter} / ({delta} + {pull} {letter})$. For a power law ${letter}_k = {L0} k^{{-{N}}}$ with ${N} > 1$ their sum is, to leading order as ${delta}/{pull} \to 0$,",
        [
            written(
                rf"\int_0^\infty \frac{{{eff} {delta} {letter}}}"
                rf"{{2 ({delta} + {pull} {letter})}} \, \frac{{{L0}^{{1/{N}}}}}{{{N}}} "
                rf"{letter}^{{-1 - 1/{N}}} \, d{letter}",
            ),
            written(
                rf"\frac{{{eff} {L0}^{{1/{N}}}}}{{2}} "
                rf"\left(\frac{{{delta}}}{{{pull}}}\right)^{{1 - 1/{N}}} "
                rf"\frac{{\pi/{N}}}{{\sin(\pi/{N})}}",
            ),
        ],
    )
    yield Remark(
        rf"The third range is that of plain SGD with learning rate ${pull}$. So the noise sum stays bounded as ${delta} \to 0$ at fixed ${pull}$ exactly as long as ${eff} = O({delta}^{{-(1 - 1/{N})}})$: the effective learning rate can grow without limit \cite[Theorem 7]{{yarotsky2024}}, which heavy ball, whose $Q(0)$ is 0, cannot do."
    )


def _coordinate(subject: Subject, value: Any, *letters: str) -> Any:
    """Return the parameter that a coordinate is, or a name for it in a letter that is free."""
    value = subject.tidy(value)
    if value in subject.parameters:
        return value
    taken = set(subject.writer.names.values())
    return subject.named(next((x for x in letters if x not in taken), letters[-1]), value)
