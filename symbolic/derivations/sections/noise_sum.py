"""Mini-batches: the noise sum, the exact verdict, and the critical batch size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from flint import fmpq

from sgdmem.symbolic.derivations.sections.noise import exact_summand
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_second_moments import mean_loss_vanishes
from sgdmem.symbolic.derivations.statements.exact_values import Point, Undefined
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject

_SEGMENTS = 6, 6, 2, 1  # by memory: a decision takes 5 ms for memory 1 and 100 ms for memory 3


def noise_sum(subject: Subject) -> Iterator[Statement]:
    """Derive the verdict for mini-batches, where there is a noise summand."""
    if not subject.has_noise:
        return
    letters, line = subject.letters, subject.writer.line
    letter = line(letters.eigenvalue)
    B, tau1, tau2 = (line(x) for x in (letters.batch_size, letters.tau1, letters.tau2))
    s, time = f"s_{{{letter}}}", line(letters.time)
    fits = "Let some weights fit all samples"
    if subject.shrinks:
        fits += (
            f", and let them be 0, where ${letters.weights}$ rests; about another minimum noise is "
            "left at rest, and second moments tend to finite values under the same conditions"
        )
    yield Remark(
        rf"{fits}. With batches of ${B}$ independent ones the gradient "
        rf"noise at a point whose distance from there has second moments $M$ has the covariance $({tau1} \operatorname{{Tr}}(H M) H - {tau2} H M H)"
        rf"/{B}$: exactly for Gaussian data with ${tau1} = 1$, ${tau2} = -1$; many bounds use "
        rf"${tau1} = 1$, ${tau2} = 0$~\cite[eq. (15)]{{yarotsky2024}}."
    )
    yield Equation(
        rf"The second term acts within an eigenvector. It divides the energy of the response "
        rf"by one plus ${tau2}/{B}$ times itself, as a geometric series in ${tau2} {s}/{B}$ "
        rf"shows, or its continuation: with $A_{{{letter}}} M = S_{{{letter}}} M S_{{{letter}}}^{{\mathsf T}} - "
        rf"\frac{{{tau2}}}{{{B}}} {letter}^2 (r^{{\mathsf T}} M r) \, v v^{{\mathsf T}}$,",
        [
            written(
                rf"{letter}^2 \sum_{{{time} \ge 0}} r^{{\mathsf T}} "
                rf"\left(A_{{{letter}}}^{time} \, v v^{{\mathsf T}}\right) r",
            ),
            written(rf"\frac{{{s}}}{{1 + \frac{{{tau2}}}{{{B}}} {s}}}"),
        ],
    )
    yield from verdict(subject)
    yield critical(subject)


def _over_spectrum(subject: Subject, term: Any, together: Any = sum) -> Any:
    """Return a function that puts together a term, of a point and the summand there."""
    summand = exact_summand(subject)

    def value(point: Point) -> Any:
        return together(term(at, summand(at)) for at in _at_eigenvalues(subject, point))

    return value


def _at_eigenvalues(subject: Subject, point: Point) -> list[Point]:
    lam = subject.letters.eigenvalue
    return [{**point, lam: point[symbol]} for symbol in subject.two_eigenvalues]


def verdict(subject: Subject) -> tuple[Equation, Conditions]:
    """Return the noise sum, and the conditions under which the mean loss vanishes."""
    letters, line = subject.letters, subject.writer.line
    letter = line(letters.eigenvalue)
    B, tau1, tau2 = (line(x) for x in (letters.batch_size, letters.tau1, letters.tau2))
    eigenvalues = subject.two_eigenvalues
    smallest = _over_spectrum(
        subject, lambda at, s: 1 + at[letters.tau2] / at[letters.batch_size] * s, min
    )
    total = _over_spectrum(
        subject,
        lambda at, s: at[letters.tau1] * s / (at[letters.batch_size] + at[letters.tau2] * s),
    )
    s_k = f"s_{{{letter}_k}}"
    least = subject.named(rf"\min_k \left(1 + \frac{{{tau2}}}{{{B}}} {s_k}\right)", smallest)
    left = rf"\frac{{{tau1}}}{{{B}}} \sum_k \frac{{{s_k}}}{{1 + \frac{{{tau2}}}{{{B}}} {s_k}}}"
    sum_of_noise = subject.named(r"U'_\Sigma", total)
    S = "S" if subject.whole is subject else r"\tilde S"  # of what is left without hidden modes
    radius = subject.named(rf"\max_k \rho({S}_{{{letter}_k}})", _radius_like(subject))

    def vanishes(point: Point) -> bool:
        if point[letters.tau1] < max(0, point[letters.tau2]):
            raise Undefined  # not the noise of any data
        scale = 1 / point[letters.batch_size]
        modes = [(point[symbol], subject.at(point, symbol)[0]) for symbol in eigenvalues]
        _, v, r = subject.at(point, eigenvalues[0])
        return mean_loss_vanishes(
            modes, v, r, point[letters.tau1] * scale, point[letters.tau2] * scale
        )

    near = subject.near(*eigenvalues)
    if near is not None:  # with batches that are large enough
        needed = _over_spectrum(subject, lambda at, s: s)(near)
        near[letters.batch_size] = fmpq(int(2 * max(needed, 0)) + 1)
    added = Equation(
        rf"Added over a spectrum of eigenvalues ${letter}_k$ of the Hessian this is the noise sum",
        [Side(sum_of_noise), written(left)],
    )
    vanishing = Conditions(
        rf"For finitely many eigenvalues and ${tau1} \ge \max(0, {tau2})$ "
        rf"all second moments, and with them the mean loss, tend to zero from every start if and "
        rf"only if, $\rho$ being the spectral radius,",
        [radius < 1, least > 0, sum_of_noise < 1],
        vanishes,
        free=(*eigenvalues, letters.batch_size, letters.tau1, letters.tau2),
        near=near,
        segments=_SEGMENTS[min(subject.memory, len(_SEGMENTS) - 1)],
        intervals=subject.intervals,
    )
    return added, vanishing


def _radius_like(subject: Subject) -> Any:
    """Return a function that is 0 where all state matrices are strictly stable, otherwise 2."""

    def value(point: Point) -> Any:
        return fmpq(0 if all(map(subject.is_schur, _at_eigenvalues(subject, point))) else 2)

    return value


def critical(subject: Subject) -> Equation:
    """Return the critical batch size."""
    letters, line = subject.letters, subject.writer.line
    letter, tau1, tau2 = (line(x) for x in (letters.eigenvalue, letters.tau1, letters.tau2))

    def root(point: Point) -> Any:
        """Return the batch size at which the noise sum, which is linear in 1/B, is 1."""
        at_1, at_2 = (
            _over_spectrum(subject, lambda at, s, B=B: at[letters.tau1] * s / B)(point)
            for B in (fmpq(1), fmpq(1, 2))
        )
        return 1 / (1 - (at_1 - 1) / (at_2 - at_1))

    sides = [Side(root, "B^*"), written(rf"{tau1} \sum_k s_{{{letter}_k}}")]
    if subject.is_short and subject.memory <= 1:
        each = sympy.Dummy("each", positive=True)
        subject.writer.name(each, f"{letter}_k", rising=True)
        shown = subject.writer.fitted(
            subject.summand.xreplace({letters.eigenvalue: each}), subject.writer.room - 60
        )
        shown = rf"\left({shown}\right)" if shown.startswith("-") else shown
        sides.append(written(rf"{tau1} \sum_k {shown}"))
    return Equation(
        rf"Where noiseless stability holds and ${tau2} = 0$, batches are large enough if they "
        r"are larger than the critical batch size",
        sides,
    )
