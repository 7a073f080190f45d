"""Power-law spectra: exponents and constants of the propagators and of the loss."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from sgdmem.symbolic.derivations.statements.equations import (
    Equation,
    Equations,
    Side,
    written,
)
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.expressions.products import times


def power_law(subject: Subject) -> Iterator[Statement]:
    """Derive the power laws of the loss, where there is an effective learning rate."""
    letters, line = subject.letters, subject.writer.line
    rate = subject.effective_rate
    if subject.shrinks:
        yield from _where_w_shrinks(subject)
        return
    if not has_power_laws(subject):
        return
    nu, zeta, t = letters.spectral_exponent, letters.target_exponent, letters.time
    scale, target = letters.spectral_scale, letters.target_scale
    tau1, B = letters.tau1, letters.batch_size
    N, Z, L0, E0, T = (line(x) for x in (nu, zeta, scale, target, t))
    letter = line(letters.eigenvalue)
    yield Remark(
        rf"Let ${letter}_k = {L0} k^{{-{N}}}$ with ${N} > 1$, and let the part of the loss in "
        rf"eigenvalues below ${letter}$ be $\frac12 {E0} {letter}^{{{Z}}}$ at the start. If $D$ "
        rf"is strictly stable and $\alpha_{{\mathrm{{eff}}}} > 0$, at large ${T}$ only small eigenvalues are left, on which a step multiplies the mean by "
        rf"$1 - \alpha_{{\mathrm{{eff}}}} {letter}$ and adds $\alpha_{{\mathrm{{eff}}}}$ times "
        rf"the noise."
    )
    eff = sympy.Dummy("alpha_eff", positive=True)
    subject.writer.name(eff, r"\alpha_{\mathrm{eff}}")
    xi = 2 - 1 / nu
    C_V = target * sympy.gamma(zeta + 1) * (2 * eff) ** (-zeta)
    density = scale ** (1 / nu) / nu
    C_U = tau1 / B * eff**2 * density * sympy.gamma(xi) * (2 * eff) ** (-xi)
    decay = rf"e^{{-2 \alpha_{{\mathrm{{eff}}}} {letter}}}"
    yield Equation(
        rf"The signal then decays like $C_V {T}^{{-{Z}}}$ with",
        [
            Side(C_V, "C_V"),
            written(rf"{E0} \int_0^\infty {decay} \, {Z} {letter}^{{{Z} - 1}} \, d{letter}"),
            written(rf"{E0} \, \Gamma({Z} + 1) \, (2 \alpha_{{\mathrm{{eff}}}})^{{-{Z}}}"),
        ],
    )
    yield Equation(
        rf"and what noise leaves behind like $C_U {T}^{{-(2 - 1/{N})}}$, the density of "
        rf"eigenvalues being $\frac{{1}}{{{N}}} {L0}^{{1/{N}}} {letter}^{{-1 - 1/{N}}}$, with",
        [
            Side(C_U, "C_U"),
            written(
                rf"\frac{{{line(tau1)}}}{{{line(B)}}} \int_0^\infty "
                rf"\alpha_{{\mathrm{{eff}}}}^2 {letter}^2 {decay} \, "
                rf"\frac{{{L0}^{{1/{N}}}}}{{{N}}} {letter}^{{-1 - 1/{N}}} \, d{letter}",
            ),
            written(
                rf"\frac{{{line(tau1)} {L0}^{{1/{N}}} \alpha_{{\mathrm{{eff}}}}^2}}"
                rf"{{{line(B)} \, {N}}} \, \Gamma\left(2 - \tfrac1{{{N}}}\right) "
                rf"(2 \alpha_{{\mathrm{{eff}}}})^{{-(2 - 1/{N})}}",
            ),
        ],
    )
    if subject.is_short and rate.is_Symbol is False:
        base = times(2, rate)
        doubled = subject.writer.line(base)
        yield Equation(
            rf"For this method $2 \alpha_{{\mathrm{{eff}}}} = {doubled}$, so that",
            [
                Side(C_V.xreplace({eff: rate}), "C_V"),
                written(rf"{E0} \, \Gamma({Z} + 1) \left({doubled}\right)^{{-{Z}}}"),
            ],
        )
    yield Remark(f"If also all eigenvalues are stable and $U'_\\Sigma < 1$, {loss_words(subject)}.")


def has_power_laws(subject: Subject) -> bool:
    """Whether there are exponents of the loss: of the effective learning rate, if it is positive."""
    if subject.shrinks:
        return False
    rate = subject.effective_rate
    return rate is not None and not rate.is_nonpositive and subject.descends


def constants(subject: Subject, rule: str) -> Equations:
    """Return the constants of the two power laws, in short."""
    letters, line = subject.letters, subject.writer.line
    nu, zeta = letters.spectral_exponent, letters.target_exponent
    scale, target, tau1, B = (
        getattr(letters, x) for x in ("spectral_scale", "target_scale", "tau1", "batch_size")
    )
    eff = sympy.Dummy("alpha_eff", positive=True)
    rate = subject.writer.line(subject.writer.name(eff, r"\alpha_{\mathrm{eff}}"))
    signal = target * sympy.gamma(zeta + 1) * (2 * eff) ** (-zeta)
    noise = tau1 / (4 * B * nu) * sympy.gamma(2 - 1 / nu) * (2 * eff * scale) ** (1 / nu)
    N, Z, L0, E0 = map(line, (nu, zeta, scale, target))
    return Equations(
        rule,
        [
            Equation(
                "",
                [
                    Side(signal, "C_V"),
                    written(rf"{E0} \, \Gamma({Z} + 1) \, (2 {rate})^{{-{Z}}}"),
                ],
            ),
            Equation(
                "",
                [
                    Side(noise, "C_U"),
                    written(
                        rf"\frac{{{line(tau1)}}}{{4 {line(B)} {N}}} \, "
                        rf"\Gamma\left(2 - \tfrac1{{{N}}}\right) (2 {rate} {L0})^{{1/{N}}}"
                    ),
                ],
            ),
        ],
    )


def _where_w_shrinks(subject: Subject) -> Iterator[Statement]:
    """Say what there is of power laws without an effective learning rate."""
    if subject.remembers or not subject.has_noise or not subject.descends:
        return
    line, letters = subject.writer.line, subject.letters
    letter, nu = line(letters.eigenvalue), line(letters.spectral_exponent)
    scale = line(letters.spectral_scale)
    yield Remark(
        rf"Along small eigenvalues ${letters.weights}$ shrinks as fast as along ${letter} = 0$, so "
        rf"that the loss has no exponents and constants of an effective learning rate. On "
        rf"${letter}_k = {scale} k^{{-{nu}}}$ the noise sum is finite for ${nu} > \frac12$ where "
        rf"$P$ is strictly stable, since $s_{{{letter}}}$ is of the order of ${letter}^2$."
    )


def loss_words(subject: Subject) -> str:
    """Return what the paper says of the loss."""
    letters = subject.letters
    Z, N, T = map(
        subject.writer.line, (letters.target_exponent, letters.spectral_exponent, letters.time)
    )
    common = r"(1 - U'_\Sigma + U_\Sigma)" if subject.shifted else ""
    total = r"V'_\Sigma" if subject.shifted else r"V_\Sigma"
    below = r"2 (1 - U'_\Sigma)"
    if subject.shifted:
        slow = rf"{common} C_V {T}^{{-{Z}}} / ({below})"
        loud = rf"{common} {total} C_U {T}^{{-(2 - 1/{N})}} / ({below}^2)"
        words = (
            rf"${total}$ is the sum over all steps of the signal at the point of the gradient, and "
            r"$U_\Sigma$ the noise sum at the weights"
        )
    else:
        slow = rf"C_V {T}^{{-{Z}}} / ({below})"
        loud = rf"{total} C_U {T}^{{-(2 - 1/{N})}} / ({below}^2)"
        words = rf"${total}$ is the sum of the signal over all steps"
    return (
        rf"the loss follows the slower of the two~\cite[Theorems 3 and 8]{{yarotsky2024}}: "
        rf"${letters.loss}_{T} \sim {slow}$ for ${Z} < 2 - 1/{N}$, dominated by the signal, and "
        rf"${letters.loss}_{T} \sim {loud}$ for ${Z} > 2 - 1/{N}$, dominated by noise, where {words}"
    )
