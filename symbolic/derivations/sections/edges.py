"""The two ends of the batch size: the edge of stability, and that of stochastic stability."""

from __future__ import annotations

from typing import Any

import sympy

from sgdmem.symbolic.derivations.statements.conditions import Conditions
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_values import Point, Undefined, fraction_of
from sgdmem.symbolic.derivations.statements.statement import Remark, Section
from sgdmem.symbolic.derivations.statements.subject import Subject, is_stable_up_to
from sgdmem.symbolic.stability.noise_fraction import noise_fraction


def edges(subject: Subject) -> Section | None:
    """Return the section about both edges, for memory 0 and 1 where s has a single pole."""
    if subject.memory > 1 or not subject.has_slope:
        return None
    if not subject.descends or not (subject.parameters or _is_usual(subject.member({}))):
        return None
    if subject.linear_inverse is None:
        return None
    fixed, moving = subject.linear_inverse
    section = Section("Edges of stability")
    back = _letter(subject, section)
    pole = subject.tidy(-fixed / moving).xreplace(back)
    trace_bound = fixed.xreplace(back)
    section.statements += [
        _largest(subject, pole),
        *_trace(subject, trace_bound),
    ]
    return section


def _letter(subject: Subject, section: Section) -> dict[Any, Any]:
    """Write the learning rate as eta, as the literature does, unless that letter is taken."""
    rates = [s for s in subject.parameters if str(s) == "learning_rate"]
    taken = set(subject.writer.names.values())
    if not rates or r"\eta" in taken:
        section.statements.append(
            Remark(
                r"The largest eigenvalue decides for full batches, the trace of the Hessian for "
                r"small ones~\cite{edge-of-stochastic-stability}."
            )
        )
        return {}
    eta = subject.named(r"\eta", rates[0])
    section.statements.append(
        Remark(
            r"The largest eigenvalue decides for full batches, the trace of the Hessian for small "
            r"ones~\cite{edge-of-stochastic-stability}. In the letters of that literature the "
            rf"learning rate ${subject.writer.line(rates[0])}$ is $\eta$."
        )
    )
    return {rates[0]: eta}


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
        return is_stable_up_to(_usual(subject, point), point[largest])

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


def _trace(subject: Subject, bound: Any) -> list[Any]:
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

    return [
        Equation(
            rf"With noise, as for small batches that only allow small learning rates, the slope of "
            rf"${_s(letter)}$ at zero is all that counts: its inverse is",
            [
                written(r"\frac{2}{\alpha_{\mathrm{eff}}}"),
                Side(bound),
            ],
        ),
        Conditions(
            rf"and $U'_\Sigma < 1$ becomes, for ${line(letters.tau1)} = 1$ and "
            rf"$\alpha_{{\mathrm{{eff}}}} {letter}_k \to 0$,",
            [mean < bound],
            leading,
            free=(*eigenvalues, B),
            near=subject.near(*eigenvalues),
        ),
    ]
