"""The letters of derivations: those of a paper, the reader's own, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from sgdmem import InputError, heavy_ball
from tests.symbolic.derivations.test_derivations import DERIVATIONS, SUBJECTS, derive


@pytest.mark.slow
def test_letters() -> None:
    own = derive(heavy_ball(*sympy.symbols("learning_rate momentum")), symbols={"momentum": r"\mu"})
    assert r"\frac{\alpha}{1 - \mu}" in own.latex()
    torch = derive(SUBJECTS["heavy-ball"], notation="pytorch").latex()
    assert (
        r"\theta_{t+1} &= \theta_{t} - \gamma \, \nabla f(\theta_{t}) + \mu \, \mathbf{b}_{t}"
        in torch
    )
    marginal = derive(SUBJECTS["sgdm"], notation="2307.15196")
    assert r"x_{t+1} &= x_{t}" in marginal.latex()
    assert r"\det\left(\xi - S_0" in marginal.latex()  # x is taken by the weights
    # the exponent of power laws gives way to QHM's nu
    assert r"\Lambda k^{-\varkappa}" in DERIVATIONS["qhm"].latex()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"notation": "latin"}, "notation must be one of 2410.04228, pytorch, 2307.15196"),
        ({"symbols": {"speed": "v"}}, "no symbol 'speed'.*learning_rate"),
        ({"symbols": {"momentum": r"\alpha"}}, "stand for both learning_rate and momentum"),
        ({"symbols": {"momentum": "w"}}, "stand for both weights and momentum"),
    ],
)
def test_bad_letters(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        derive(SUBJECTS["heavy-ball"], **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": r"1-\beta"}, "must be a letter or a word"),
        ({"momentum": "a+b"}, "must be a letter or a word"),
        ({"momentum": r"\min"}, "must be a letter or a word"),
        ({"momentum": "e"}, "e has a meaning of its own"),
        ({"momentum": r"\hat{a}_1"}, r"momentum would look like \\hat a_1"),
        ({"momentum": "S_0"}, "momentum would look like S_0"),
        ({"momentum": "w_t"}, "momentum would look like w_{t}"),
        ({"weights": "w_0"}, "must have no subscript"),
        ({"eigenvalue": r"\lambda_1"}, "must have no subscript"),
    ],
)
def test_letters_that_would_mislead(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        derive("heavy-ball", symbols=arguments)


@pytest.mark.parametrize("letter", [r"\bar\mu", r"\mathrm{mom}_1", r"\mathbf{x}_1", r"\mu^*", "T"])
def test_letters_that_are_fine(letter: str) -> None:
    assert letter in derive("sgd", symbols={"learning_rate": letter}).latex()
