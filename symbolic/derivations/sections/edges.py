"""The two ends of the batch size: the edge of stability, and that of stochastic stability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from sgdmem.symbolic.algebra.scalars import fraction_of
from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_values import Point, Undefined
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.stability.noise_fraction import noise_fraction


def edges(subject: Subject) -> Iterator[Statement]:
    """Derive both edges, for memory 0 and 1 where s has a single pole."""
    if subject.memory > 1 or not subject.has_slope or subject.shrinks:
        return
    if not subject.descends or not (subject.parameters or _is_usual(subject.member({}))):
        return
    if subject.linear_inverse is None:
        return
    fixed, moving = subject.linear_inverse
    words = (
        r"The largest eigenvalue decides for full batches, the trace of the Hessian for small "
        r"ones~\cite{edge-of-stochastic-stability}."
    )
    back = _as_eta(subject)
    for rate in back:
        words += (
            r" In the letters of that literature the learning rate "
            rf"${subject.writer.line(rate)}$ is $\eta$."
        )
    yield Remark(words)
    yield _largest(subject, subject.tidy(-fixed / moving).xreplace(back))
    yield from _trace(subject, fixed.xreplace(back))


def _as_eta(subject: Subject) -> dict[Any, Any]:
    """Return the learning rate's letter in the literature, unless eta is taken."""
    rates = [s for s in subject.parameters if str(s) == "learning_rate"]
    if r"\eta" in subject.writer.names.values():
        return {}
    return {rate: subject.named(r"\eta", rate) for rate in rates}


def _usual(subject: Subject, point: Point) -> Any:
    """Return the algorithm at a point where it forgets and descends; otherwise it is undefined."""
    member = subject.member(point)
    if not _is_usual(member):
        raise Undefined
    return member


def _is_usual(member: Any) -> bool:
    forgets = all(abs(entry) < 1 for row in member.D for entry in row)
    return forgets and bool(member.effective_learning_rate > 0)


def _largest(subject: Subject, pole: Any) -> Conditions:
    letter = subject.writer.line(subject.letters.eigenvalue)
    largest = subject.largest

    def stable(point: Point) -> bool:
        if not _is_usual(subject.member(point)):
            raise Undefined
        return subject.is_stable_up_to(point, point[largest])

    where = (
        r"Where $D$ is strictly stable and $\alpha_{\mathrm{eff}} > 0$"
        if subject.memory
        else "For a positive learning rate"
    )
    return Conditions(
        rf"Without noise, as for full batches, the pole of ${_s(letter)}$ is the edge. {where}, "
        r"the method is stable exactly if",
        [sympy.StrictLessThan(largest, pole, evaluate=False)],
        stable,
        free=(largest,),
        near=subject.near(largest),
    )


def _s(letter: str) -> str:
    return f"s_{{{letter}}}"


def _trace(subject: Subject, bound: Any) -> Iterator[Statement]:
    letters, line = subject.letters, subject.writer.line
    letter, B = line(letters.eigenvalue), letters.batch_size
    eigenvalues = subject.two_eigenvalues

    def average(point: Point) -> Any:
        return sum(point[symbol] for symbol in eigenvalues) / point[B]

    mean = subject.named(rf"\frac{{1}}{{{line(B)}}} \sum_k {letter}_k", average)

    def leading(point: Point) -> bool:
        """Whether the noise sum is below 1 when each s is replaced by its slope at zero."""
        top, bottom = noise_fraction(_usual(subject, point).half_plane_form)
        return bool(top[0] / bottom[0] * fraction_of(average(point)) < 1)

    yield Equation(
        rf"With noise, as for small batches that only allow small learning rates, the slope of "
        rf"${_s(letter)}$ at zero is all that counts: its inverse is",
        [written(r"\frac{2}{\alpha_{\mathrm{eff}}}"), Side(bound)],
    )
    yield Conditions(
        rf"and $U'_\Sigma < 1$ becomes, for ${line(letters.tau1)} = 1$ and "
        rf"$\alpha_{{\mathrm{{eff}}}} {letter}_k \to 0$,",
        [mean < bound],
        leading,
        free=(*eigenvalues, B),
        near=subject.near(*eigenvalues),
    )
