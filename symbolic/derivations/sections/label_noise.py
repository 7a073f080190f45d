"""Noise of the labels: what it adds to each step, and where the loss comes to rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flint import fmpq

from sgdmem.symbolic.algebra.noise_summand import noise_summand
from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.derivations.sections.summand_in_parts import summand_in_parts
from sgdmem.symbolic.derivations.statements.equations import Equation, Side, written
from sgdmem.symbolic.derivations.statements.exact_second_moments import summed_moments
from sgdmem.symbolic.derivations.statements.exact_values import Point
from sgdmem.symbolic.derivations.statements.label_noise_at_rest import moments_with_label_noise
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject

_LONGEST_MEMORY = 2  # of what is written out


def label_noise(subject: Subject) -> Iterator[Statement]:
    """Derive the second moments and the loss at rest, where there is a noise summand."""
    if not subject.has_noise:
        return
    letters, line = subject.letters, subject.writer.line
    letter, B, tau1, tau2 = (
        line(getattr(letters, x)) for x in ("eigenvalue", "batch_size", "tau1", "tau2")
    )
    variance = line(letters.label_noise**2)
    S, M, s = (f"{name}_{{{letter}}}" for name in "SMs")
    read, each = (rf"r^{{\mathsf T}} {x} r" for x in (M, f"M_{{{letter}_k}}"))
    others = rf"{tau1} \sum_k {letter}_k \, {each}"
    heard = rf"{variance} + {others}"
    # elsewhere than at rest residuals are left, and are noise too
    fitting = "the weights 0, where all rests," if subject.shrinks else "some weights"
    yield Remark(
        rf"Let the labels that {fitting} fit have independent noise of variance ${variance}$ "
        rf"besides. To the gradient of a sample it adds a part of mean zero, uncorrelated with the "
        rf"rest, whose covariance is ${variance} H$: that of a batch is larger by "
        rf"${variance} H/{B}$ at every step, wherever the weights are. Stability is as before. "
        rf"Where there is stability the loss, above its least value, comes to rest at a floor."
    )
    drive = rf"\left({variance} - {tau2} {letter} \, {read} + {others}\right)"
    drive = rf"\frac{{{letter}}}{{{B}}} {drive} v v^{{\mathsf T}}"
    yield Equation(
        rf"The second moments ${M}$ of a mode then come to rest where",
        [written(M), written([rf"{S} {M} {S}^{{\mathsf T}}", f"+ {drive}"])],
    )
    answer = rf"\frac{{{s}}}{{{B} + {tau2} {s}}}"
    yield Equation(
        rf"What modes hear, ${variance}$ and the sum over ${letter}_k$, is the same for all. By the "
        rf"energy of the response each answers in proportion:",
        [written(rf"{letter} \, {read}"), written(rf"{answer} \left({heard}\right)")],
    )
    yield Equation(
        rf"Added over the spectrum and multiplied by ${tau1}$ this is a linear equation for what "
        rf"they hear, with the solution",
        [written(heard), written(rf"\frac{{{variance}}}{{1 - U'_\Sigma}}")],
    )
    at_w = rf"s^{{{letters.weights}}}" if subject.shifted else "s"
    if subject.shifted:
        yield from at_the_weights(subject, at_w)
    yield from _floor(subject, f"{at_w}_{{{letter}_k}}", variance)


def at_the_weights(subject: Subject, name: str) -> Iterator[Equation | Remark]:
    """Derive the energy of the response that is read at w."""
    letters, line = subject.letters, subject.writer.line
    letter, w, x = line(letters.eigenvalue), letters.weights, letters.root
    Q, summand = f"Q_{{{w}}}", f"{name}_{{{letter}}}"
    whole, chi = subject.whole, f"(P - {letter} Q)"
    if whole is not subject:
        chi = f"(F {chi})"  # only where gradients are taken does F cancel
    norm = rf"{summand} = {letter}^2 \lVert {Q}/{chi} \rVert^2"
    rule = (
        rf"The loss is taken at ${w}$ and not where the gradient is: what comes back there has the "
        rf"energy ${norm}$, where ${Q}$ is what $Q$ would be with the gradient taken at ${w}$"
    )
    if whole.is_structured:
        yield Remark(f"{rule}.")
        return
    found = whole.algorithm.polynomials.Q_output
    numerator = subject.in_powers([to_sympy(value) for value in found], x)
    yield Equation(f"{rule},", [written(f"{Q}({line(x)})"), Side(numerator)])
    if whole.is_short and whole.memory <= _LONGEST_MEMORY:
        form = whole.algorithm.half_plane_form
        value = noise_summand(
            form._replace(Q=form.Q_output), letters.eigenvalue, whole.algorithm.free_symbols
        )
        parts = summand_in_parts(
            subject, summand, subject.tidy(to_sympy(value)), f"^{{{letters.weights}}}"
        )
        yield from (replace(x, rule="" if k else "that is") for k, x in enumerate(parts))


def _floor(subject: Subject, summand: str, variance: str) -> Iterator[Statement]:
    """Derive the loss at rest; ``summand`` is that of what is read at w."""
    letters, line = subject.letters, subject.writer.line
    letter, B, tau1, tau2 = (
        line(getattr(letters, x)) for x in ("eigenvalue", "batch_size", "tau1", "tau2")
    )
    name, s_k, own = rf"{letters.loss}_\infty", f"s_{{{letter}_k}}", r"U'_\Sigma"
    total = rf"\sum_k \frac{{{summand}}}{{1 + \frac{{{tau2}}}{{{B}}} {s_k}}}"
    if subject.shifted:
        own = r"U_\Sigma"
        yield output_sum(subject, "With the noise sum at the weights,")
    yield Equation(
        rf"The first entry of each $M_{{{letter}_k}}$ being that of the weights, the floor of the loss is",
        [
            Side(lambda point: _loss_at_rest(subject, point), name),
            written(rf"\frac12 \sum_k {letter}_k \, (M_{{{letter}_k}})_{{00}}"),
            written(rf"\frac{{{variance}}}{{2 {B} (1 - U'_\Sigma)}} {total}"),
            written(rf"\frac{{{variance}}}{{2 {tau1}}} \, \frac{{{own}}}{{1 - U'_\Sigma}}"),
        ],
    )
    sums = [rf"\sum_k {x}" for x in (summand, s_k)]
    yield Equation(
        rf"and for ${tau2} = 0$, growing without bound as ${B}$ falls to the critical batch size,",
        [
            Side(lambda point: _loss_at_rest(subject, {**point, letters.tau2: fmpq(0)}), name),
            written(rf"\frac{{{variance}}}{{2}} \, \frac{{{sums[0]}}}{{{B} - {tau1} {sums[1]}}}"),
        ],
    )


def output_sum(subject: Subject, rule: str) -> Equation:
    """Return the noise sum at the weights, where the gradient is taken elsewhere."""
    letters, line = subject.letters, subject.writer.line
    letter, B, tau1, tau2 = (
        line(getattr(letters, x)) for x in ("eigenvalue", "batch_size", "tau1", "tau2")
    )
    at_w, s_k = f"s^{{{letters.weights}}}_{{{letter}_k}}", f"s_{{{letter}_k}}"
    total = rf"\sum_k \frac{{{at_w}}}{{1 + \frac{{{tau2}}}{{{B}}} {s_k}}}"
    found = subject.named(r"U_\Sigma", lambda point: _output_sum(subject, point))
    return Equation(rule, [Side(found), written(rf"\frac{{{tau1}}}{{{B}}} {total}")])


def _loss_at_rest(subject: Subject, point: Point) -> Any:
    moments = moments_with_label_noise(subject, point)
    modes = zip(subject.two_eigenvalues, moments, strict=True)
    return sum((point[symbol] * M[0, 0] for symbol, M in modes), fmpq(0)) / 2


def _output_sum(subject: Subject, point: Point) -> Any:
    """Return what a unit of heard noise brings to w in the course of time, times tau1/B."""
    share1, share2 = (
        point[x] / point[subject.letters.batch_size]
        for x in (subject.letters.tau1, subject.letters.tau2)
    )
    total = fmpq(0)
    for symbol in subject.two_eigenvalues:
        square = point[symbol] ** 2
        total += square * summed_moments(*subject.at(point, symbol), share2 * square)[0, 0]
    return share1 * total
