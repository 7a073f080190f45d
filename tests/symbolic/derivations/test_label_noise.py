"""What derivations say of noise of the labels, against verdicts and with each formula broken."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy
from flint import fmpq

import sgdmem
from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, heavy_ball, stability
from sgdmem.errors import DerivationError
from sgdmem.methods import general
from sgdmem.symbolic.derivations.checks.read_back import ReadBack
from sgdmem.symbolic.derivations.documents.text import derivation_text
from sgdmem.symbolic.derivations.read_subject import read_subject
from sgdmem.symbolic.derivations.sections.label_noise import label_noise
from sgdmem.symbolic.derivations.sections.noise_sum import noise_sum
from sgdmem.symbolic.derivations.statements.label_noise_at_rest import moments_with_label_noise
from sgdmem.symbolic.derivations.statements.subject import Subject

SHIFTED = Algorithm("1/10", b=["-1/20"], c=[1], D=[["1/2"]], a=["-1/3"])


def _section(algorithm: Any, symbols: dict[str, str] | None = None) -> tuple[Subject, list[Any]]:
    subject = read_subject(algorithm, symbols or {}, "2410.04228")
    list(noise_sum(subject))  # gives U'_Sigma its meaning
    return subject, list(label_noise(subject))


@pytest.mark.parametrize("algorithm", [heavy_ball("1/5", "1/2"), SHIFTED], ids=["w", "elsewhere"])
@pytest.mark.parametrize("tau2", [-1, 0, 1])
def test_the_loss_at_rest_is_that_of_the_verdict(algorithm: Algorithm, tau2: int) -> None:
    subject, statements = _section(algorithm)
    letters, lam = subject.letters, (Fraction(1), Fraction(2, 5))
    point: dict[Any, Any] = {
        **dict(zip(subject.two_eigenvalues, (fmpq(1), fmpq(2, 5)), strict=True)),
        letters.batch_size: fmpq(3),
        letters.tau1: fmpq(1),
        letters.tau2: fmpq(tau2),
        letters.label_noise: fmpq(1, 2),
    }
    (floor,) = (s.sides[0].value(point) for s in statements if "the floor" in s.rule and s.sides)
    problem = Problem(Spectrum(lam), Noise(1, tau2, label_variance="1/4"))
    assert float(floor) == pytest.approx(stability(algorithm, problem, 3).loss_floor, rel=1e-12)


def test_moments_at_rest_stay_as_they_are() -> None:
    subject, _ = _section(SHIFTED)
    letters = subject.letters
    quantities = (letters.batch_size, letters.tau1, letters.tau2, letters.label_noise)
    B, tau1, tau2, sigma = (fmpq(x) for x in (3, 2, -1, 2))
    first, second = subject.two_eigenvalues
    point = {**dict(zip(quantities, (B, tau1, tau2, sigma), strict=True)), first: fmpq(1)}
    point[second] = fmpq(1, 3)
    moments = moments_with_label_noise(subject, point)
    modes = [(point[x], *subject.at(point, x)) for x in (first, second)]
    loud = [
        (lam * r.transpose() * M * r)[0, 0]
        for (lam, _, _, r), M in zip(modes, moments, strict=True)
    ]
    for (lam, S, v, _), M, own in zip(modes, moments, loud, strict=True):
        drive = lam * (tau1 * sum(loud, fmpq(0)) + sigma**2) - tau2 * lam * own
        assert S * M * S.transpose() + v * v.transpose() * (drive / B) == M


BROKEN = [
    ("w", r"(1 - U'_\Sigma)", r"(1 + U'_\Sigma)"),
    ("w", r"\frac12 \sum_k", r"\sum_k"),
    ("w", r"- \tau_2 \lambda", r"+ \tau_2 \lambda"),
    ("w", r"{1 + \frac{\tau_2}{B} s_{\lambda_k}}", r"{1}"),
    ("w", r"{B - \tau_1", r"{B - 2 \tau_1"),
    ("elsewhere", r"s^{w}_{\lambda_k}", r"s_{\lambda_k}"),
    ("elsewhere", r"U_\Sigma", r"U'_\Sigma"),
    ("elsewhere", r"Q_{w}(x)", r"Q(x)"),
]


@pytest.mark.parametrize(("where", "right", "wrong"), BROKEN)
def test_a_wrong_formula_is_found(where: str, right: str, wrong: str) -> None:
    subject, statements = _section(SHIFTED if where == "elsewhere" else heavy_ball("1/5", "1/2"))
    reader, found = ReadBack(subject), 0
    for statement in statements:
        rows = statement.rows(subject.writer)
        reader.check(statement, rows)
        sides = [
            replace(side, latex=_put(side.latex, right, wrong))
            for side in getattr(statement, "sides", ())
        ]
        if sides and sides != list(statement.sides):
            broken = replace(statement, sides=sides)
            with pytest.raises(DerivationError, match="reads"):
                reader.check(broken, broken.rows(subject.writer))
            found += 1
    assert found


def _put(latex: Any, right: str, wrong: str) -> Any:
    if latex is None or isinstance(latex, str):
        return latex and latex.replace(right, wrong)
    return [piece.replace(right, wrong) for piece in latex]


def _text(algorithm: Any, symbols: dict[str, str] | None = None) -> str:
    subject, statements = _section(algorithm, symbols)
    rows = [pair for statement in statements for pair in statement.rows(subject.writer)]
    return "\n".join(f"{left} {right}" for left, right in rows)


def test_the_response_at_the_weights_is_written_out() -> None:
    text = _text(general(1, shifted=True))
    assert r"Q_{w}(x) = - \alpha x + \alpha \delta + \beta \gamma" in text
    assert r"\frac{\sigma^{2}}{2 \tau_1} \, \frac{U_\Sigma}{1 - U'_\Sigma}" in text
    assert r"s^{w}" not in _text("heavy-ball")
    # the form with the weights before the step of momentum
    assert (
        r"s^{w}_{\lambda} = \frac{\alpha \lambda (1 + \beta - \alpha \beta \lambda)}"
        r"{(1 - \beta + \alpha \beta \lambda) (2 (1 + \beta) - \alpha \lambda (1 + 2 \beta))}"
    ) in _text("nesterov")


def test_letters() -> None:
    sigma = sympy.Symbol("sigma", positive=True)
    assert r"\frac{\varrho^{2}}{2 \tau_1}" in _text(heavy_ball(sigma, "1/2"))
    assert r"\frac{\bar\mu^{2}}{2 \tau_1}" in _text("sgd", {"label_noise": r"\bar\mu"})
    with pytest.raises(InputError, match=r"learning_rate would look like L_\\infty"):
        sgdmem.derive("sgd", form="full", symbols={"learning_rate": r"L_{\infty}"})


def test_text_says_where_the_loss_comes_to_rest() -> None:
    line = "  L = sigma^2 / (2 B (1 - U')) sum_k {} / (1 + (tau2/B) s_k)"
    assert line.format("s_k") in derivation_text(heavy_ball("1/5", "1/2")).splitlines()
    assert line.format("s^w_k") in derivation_text(SHIFTED).splitlines()
