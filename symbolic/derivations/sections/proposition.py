"""What a paper prints of a method: a proposition, with an item for each result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sympy

from sgdmem.symbolic.derivations.sections.definition import steps
from sgdmem.symbolic.derivations.sections.label_noise import at_the_weights, output_sum
from sgdmem.symbolic.derivations.sections.learning_rate import ALPHA_EFF
from sgdmem.symbolic.derivations.sections.minimal_conditions import (
    has_short_conditions,
    noiseless_conditions,
)
from sgdmem.symbolic.derivations.sections.noise import half_plane_summand
from sgdmem.symbolic.derivations.sections.noise_sum import critical, verdict
from sgdmem.symbolic.derivations.sections.power_law import constants, has_power_laws, loss_words
from sgdmem.symbolic.derivations.sections.published import published, settings
from sgdmem.symbolic.derivations.sections.reduced_method import what_cancels
from sgdmem.symbolic.derivations.sections.same_as import same_as
from sgdmem.symbolic.derivations.sections.stability import in_the_half_plane
from sgdmem.symbolic.derivations.sections.summand_in_parts import summand_in_parts
from sgdmem.symbolic.derivations.statements.equations import Equation, Equations, Side, written
from sgdmem.symbolic.derivations.statements.reduced_subject import ReducedSubject
from sgdmem.symbolic.derivations.statements.statement import Remark, Section, Statement, listed
from sgdmem.symbolic.derivations.statements.subject import EXPANDED_MEMORY, Subject

_ITEMS = ("i", "ii", "iii", "iv", "v")
_WRITTEN_OUT, _FEW = 2, 4  # memory to which P and Q are written out, and symbols beyond


def proposition(subject: Subject) -> list[Section]:
    """Return the items of the proposition: the method and its polynomials, then each result."""
    results: tuple[Callable[[Subject], Iterator[Statement]], ...] = (
        *(_noiseless, _mini_batches, _output, _power_laws, _other_name),
    )
    items = [found for result in results if (found := list(result(subject)))]
    head = [*_method(subject.whole), *_polynomials(subject), *what_cancels(subject)]
    sections = [Section("", head, "proposition")]
    for number, statements in zip(_ITEMS, items, strict=False):
        sections.append(Section(f"({number})", statements, "proposition"))
    return sections


def _method(subject: Subject) -> Iterator[Statement]:
    """Say what is assumed, and what the method does."""
    letters, line = subject.letters, subject.writer.line
    same: dict[Any, list[str]] = {}
    for symbol in subject.in_order:
        same.setdefault(subject.intervals.get(symbol), []).append(line(symbol))
    same.pop(None, [])  # any real number
    known = [f"${interval.latex(', '.join(names))}$" for interval, names in same.items()]
    let = f"Let {listed(known)}. " if known else ""
    gradient = rf"with the gradient $\nabla {letters.loss}$ of a quadratic loss on a mini-batch,"
    update, step = published(subject), f"One step of the method{settings(subject)}"
    if update is not None:
        joined = " and" if "vectors" in update.rule else ", with"
        gradient = gradient.removeprefix("with")
        yield replace(update, rule=f"{let}{step}{update.rule}{joined}{gradient} is")
        return
    for number, equation in enumerate(steps(subject)):
        rule = f"{let}{step}, {gradient[:-1]}{_memories(subject)}, is"
        yield equation if number else replace(equation, rule=rule)


def _memories(subject: Subject) -> str:
    u, M = subject.letters.auxiliary, subject.memory
    if M < 2:
        return f" and an auxiliary vector ${u}$" if M else ""
    return f" and auxiliary vectors ${', '.join(f'{u}_{i}' for i in range(1, M + 1))}$"


def _polynomials(subject: Subject) -> Iterator[Statement]:
    x, line = subject.letters.root, subject.writer.line
    root, letter = line(x), line(subject.letters.eigenvalue)
    P = [written(f"P({root})"), _monic(subject, subject.det_D)]
    Q = [written(f"Q({root})"), Side(subject.as_fits(subject.Q, f"Q({root})"))]
    if not _is_written_out(subject):
        P[1:], Q[1:] = _by_blocks(subject)
    chi = rf"P({root}) - {letter} \, Q({root})"
    if isinstance(subject, ReducedSubject):
        chi = f"F({root}) ({chi})"
    rule = (
        rf"Along an eigenvector of the Hessian with eigenvalue ${letter} > 0$ its characteristic "
        rf"polynomial is ${chi}$"
    )
    equations = [Equation("", P), Equation("", Q)]
    if isinstance(subject, ReducedSubject):
        equations.insert(0, Equation("", [written(f"F({root})"), Side(subject.common)]))
    if not subject.shrinks and not subject.remembers:
        rule += rf" and its effective learning rate ${ALPHA_EFF} = -Q(1)/P'(1)$"
        rate = _effective_rate(subject)
        if rate.text(subject.writer) != ALPHA_EFF:
            equations.append(Equation("", [written(ALPHA_EFF), rate]))
    rule += ", where"
    yield Equations(rule, equations)


def _monic(subject: Subject, coefficients: Any) -> Side:
    """Return P as a product, of factors with the leading coefficient 1 if they are numbers."""
    x = subject.letters.root
    product = subject.own_factor * subject.polynomial(coefficients)
    _, factors = sympy.factor_list(sympy.expand(product), x)
    found = [(sympy.Poly(factor, x), power) for factor, power in factors]
    if all(factor.LC() in (1, -1) or not factor.LC().is_Number for factor, _ in found):
        return Side(subject.tidy(product))
    monic = ((factor.monic().all_coeffs()[::-1], power) for factor, power in found)
    return Side(sympy.Mul(*(subject.in_powers(values, x) ** power for values, power in monic)))


def _by_blocks(subject: Subject) -> tuple[list[Side], list[Side]]:
    """Return P and Q in the blocks of the matrix form."""
    root, own = subject.writer.line(subject.letters.root), subject.writer.line(subject.own_factor)
    row = rf"\left(b + ({own}) a\right)^{{\mathsf T}}" if subject.shifted else r"b^{\mathsf T}"
    P = rf"({own}) \det({root} - D)"
    rest = rf"{row} \operatorname{{adj}}({root} - D) \, c"
    (first,) = subject.writer.signed([(subject.tidy(-subject.alpha), rf"\det({root} - D)")])
    Q = rest if subject.alpha == 0 else f"{first} + {rest}"
    return [written(P)], [written(Q)]


def _effective_rate(subject: Subject) -> Side:
    if not _is_written_out(subject):
        alpha = subject.writer.line(subject.tidy(subject.alpha))
        return written(rf"{alpha} - b^{{\mathsf T}} (1 - D)^{{-1}} c")
    value = -sympy.Add(*subject.Q) / sympy.Add(*subject.det_D)
    return Side(subject.tidy(value))


def _other_name(subject: Subject) -> Iterator[Statement]:
    """Say what the method is, if nothing cancels: else that has been said."""
    return same_as(subject) if subject.whole is subject else iter(())


def _noiseless(subject: Subject) -> Iterator[Statement]:
    if subject.memory > 1 and not has_short_conditions(subject):
        yield _half_plane(subject)
    yield noiseless_conditions(subject)


def _is_written_out(subject: Subject) -> bool:
    """Whether P and Q are in the letters of the method."""
    if isinstance(subject, ReducedSubject):
        return True
    if subject.is_short or subject.is_structured:
        return subject.is_short
    return subject.memory <= _WRITTEN_OUT or len(subject.parameters) <= _FEW


def _half_plane(subject: Subject) -> Equation:
    """Say what the names of the coefficients of chi-hat stand for."""
    rule = rf"With ${_chi(subject)}$ let"
    return replace(in_the_half_plane(subject), rule=rule)


def _chi(subject: Subject) -> str:
    root, letter = map(subject.writer.line, (subject.letters.root, subject.letters.eigenvalue))
    return rf"\chi({root}, {letter}) = P({root}) - {letter} \, Q({root})"


def _mini_batches(subject: Subject) -> Iterator[Statement]:
    if not subject.has_noise:
        return
    letters, line = subject.letters, subject.writer.line
    letter, B, tau1, tau2 = (
        line(getattr(letters, x)) for x in ("eigenvalue", "batch_size", "tau1", "tau2")
    )
    s = f"s_{{{letter}}}"
    judged = subject.judged
    added, vanishing = verdict(judged)
    S, chi, what = f"S_{{{letter}}}", f"P - {letter} Q", "the mean loss"
    if judged is not subject:
        chi = f"F (P - {letter} Q)"
    elif subject.whole is not subject:
        S, what = rf"\tilde {S}", "without hidden modes the mean loss"
        what += " where gradients are taken" if subject.shifted else ""
    equations = [replace(added, rule="")]
    if has_short_conditions(subject) or subject.memory <= 1:
        equations = [*summand_in_parts(subject, s, subject.summand), *equations]
    elif subject.memory <= EXPANDED_MEMORY:
        equations = [*half_plane_summand(subject), *equations]
    yield Equations(
        rf"Let ${s} = {letter}^2 \lVert Q/(P - {letter} Q) \rVert^2$, the sum of the squares of an "
        rf"impulse response. Let batches of ${B}$ samples bring noise of the covariance $({tau1} "
        rf"\operatorname{{Tr}}(H M) H - {tau2} H M H)/{B}$ into the gradient, $M$ being the second "
        rf"moments of the distance to the minimum and ${tau1} \ge \max(0, {tau2})$~\cite[eq. "
        rf"(15)]{{yarotsky2024}}. With",
        equations,
    )
    yield replace(
        vanishing,
        rule=rf"and $\rho({S})$ the largest modulus of a root of ${chi}$, {what} on finitely many "
        rf"eigenvalues ${letter}_k$ tends to its minimum from every start if and only if",
    )
    least = critical(judged)
    yield replace(
        least,
        rule=rf"For ${tau2} = 0$ the last condition is that ${B}$ exceeds the critical batch size",
        sides=least.sides[:2],
    )


def _output(subject: Subject) -> Iterator[Statement]:
    """Say what noise does at the weights, where the gradient is taken elsewhere."""
    if not subject.shifted or not subject.has_noise or subject.judged is not subject.whole:
        return
    found = list(at_the_weights(subject, rf"s^{{{subject.letters.weights}}}"))
    total = output_sum(subject.whole, "The noise sum that the loss hears is")
    equations = [x for x in found if isinstance(x, Equation)]
    if not equations:
        yield from (*found, total)
        return
    rule = f"{equations[0].rule.removesuffix(',')}, and the noise sum that the loss hears is $U_\\Sigma$:"
    yield Equations(rule, [*equations, total])


def _power_laws(subject: Subject) -> Iterator[Statement]:
    hidden = subject.judged is not subject.whole and subject.shifted  # the loss is at the weights
    if hidden or not has_power_laws(subject):
        return
    letters, line = subject.letters, subject.writer.line
    N, Z, L0, E0, T = (
        line(getattr(letters, x))
        for x in ("spectral_exponent", "target_exponent", "spectral_scale", "target_scale", "time")
    )
    letter = line(letters.eigenvalue)
    yield constants(
        subject,
        rf"Let ${letter}_k = {L0} k^{{-{N}}}$ with ${N} > 1$, and let the part of the loss in "
        rf"eigenvalues below ${letter}$ be $\frac12 {E0} {letter}^{{{Z}}}$ at the start. The signal "
        rf"decays like $C_V {T}^{{-{Z}}}$ and what noise leaves behind like $C_U {T}^{{-(2 - "
        rf"1/{N})}}$, where",
    )
    root = line(letters.root)
    yield Remark(
        rf"If $P$ has no root on the unit circle but the simple one ${root} = 1$, all eigenvalues "
        rf"are stable and $U'_\Sigma < 1$, {loss_words(subject)}."
    )
