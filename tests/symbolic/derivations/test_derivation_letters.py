"""The letters of derivations: those of a paper, the reader's own, and which are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sympy

import sgdmem
from sgdmem import InputError, heavy_ball, method
from sgdmem.symbolic.algorithms.update_notation import letter_of
from sgdmem.symbolic.derivations.typesetting.renaming import FIXED, Renaming
from sgdmem.symbolic.zoo.families_by_name import FAMILIES
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
        ({"momentum": r"\alpha_{\mathrm{eff}}"}, "has a meaning of its own"),
        ({"momentum": r"\hat{a}_1"}, r"momentum would look like \\hat a_1"),
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


def test_words_are_refused_with_what_mends_it() -> None:
    @method
    def worded(w, v, gradient, *, decay):  # type: ignore[no-untyped-def]
        v = decay * v - gradient(w)
        return w + v, v

    with pytest.raises(InputError, match=r"'decay' is a word.*letters=.*symbols=.*--symbol decay="):
        sgdmem.derive(worded)
    assert r"\mu" in sgdmem.derive(worded, symbols={"decay": r"\mu"}).latex()


# Letters of the method ----------------------------------------------------------------------------


@method(letters={"r": "r"})
def matrices(x, a, gradient, *, D, P, r):  # type: ignore[no-untyped-def]
    a = (1 - D) * a + D * gradient(x)
    return x - P * (1 - r) * a, a


@method
def swapped(x, w, gradient, *, e, I):  # type: ignore[no-untyped-def]  # noqa: E741
    w = e * w - I * gradient(x + e * w)
    return x + w, w


@method
def greek(theta, m, s, gradient, *, lambda_, pi, rho):  # type: ignore[no-untyped-def]
    m = pi * m + (1 - pi) * gradient(theta)
    s = rho * s + (1 - rho) * m
    return theta - lambda_ * s, m, s


@method
def capitals(U, Q, gradient, *, s, M):  # type: ignore[no-untyped-def]
    Q = s * Q + gradient(U - M * Q)
    return U - M * Q, Q


@method
def indices(x_1, k, d, gradient, *, c, z, t):  # type: ignore[no-untyped-def]
    k = c * k + gradient(x_1 + t * d)
    return x_1 - z * k, k, t * d - k


TRACED = {family.name: family for family in (matrices, swapped, greek, capitals, indices)}


def exotic_letters(letters: dict[str, str]) -> dict[str, str]:
    """Return letters that no document has, as wide and with the same indices: lines break alike."""
    bases = dict.fromkeys(letter.partition("_")[0] for letter in letters.values())
    strange = {
        base: rf"\mathit{{{new.upper() if base.isupper() else new}}}"
        for base, new in zip(bases, "abcdefg", strict=False)
    }
    parts = {key: letter.partition("_") for key, letter in letters.items()}
    return {key: strange[base] + sub + index for key, (base, sub, index) in parts.items()}


def count(token: str, text: str) -> int:
    """Return how often a letter stands in formulas, words such as Tr and eff left out."""
    text = re.sub(r"\\(operatorname|text|begin|end|label|ref|cite)(\[.*?\])?\{.*?\}", " ", text)
    text = text.replace(r"\mathsf T", "").replace(r"\mathrm{eff}", "").replace(r"\\", " ")
    text = re.sub(r"\\math(rm|bf|sf|cal)\{.\}", " ", text)
    formulas = " ".join(re.findall(r"\$\$.*?\$\$|\$[^$]*\$", text, re.DOTALL))
    # those of another family have a prime, and alpha_eff is a letter of its own
    after = r"(?![a-zA-Z'_])" if token.startswith("\\") and not token.endswith("}") else "(?!['_])"
    before = "" if token.startswith("\\") else r"(?<![\\a-zA-Z])(?<!\\hat )"
    return len(re.findall(f"{before}{re.escape(token)}{after}", formulas))


@pytest.mark.parametrize(
    "name",
    [
        "matrices",
        *(pytest.param(name, marks=pytest.mark.slow) for name in [*TRACED][1:]),
        *(
            pytest.param(name, marks=pytest.mark.exhaustive)
            for name in FAMILIES
            if name not in ("delayed-sgd", "aggregated-gradient")
        ),
    ],
)
def test_a_letter_of_the_method_has_no_other_meaning(name: str) -> None:
    """Parameters stand as often as letters that no document has; vectors in their update only."""
    family = TRACED.get(name) or FAMILIES[name]
    text = sgdmem.derive(family).markdown()
    names = sorted(str(x) for x in family.symbolic().free_symbols)
    symbols = family.spread(len(names)).parameters
    letters = {name: symbols[name].letter or letter_of(name) for name in names}
    exotic = exotic_letters(letters)
    other = sgdmem.derive(family, symbols=exotic).markdown()
    for key, letter in exotic.items():
        if name == "memory-one":  # its q0 and its rate are those of the document
            continue
        assert count(letters[key], text) == count(letter, other), key
    assert family.update is not None
    update, rest = text.partition("its characteristic polynomial is")[::2]
    if r"\leftarrow" not in update:
        return
    iterate = letter_of(family.update.iterate)
    for known in symbols.values():  # K_d is no d
        rest = rest.replace(known.letter, " ") if "_" in known.letter else rest
    for letter in family.update.assigned:
        if letter != iterate and not letter.startswith(r"\mathit"):
            assert count(letter, rest) == 0, letter
    if family.symbolic().a and any(family.symbolic().a):
        printed = iterate if "_" not in iterate else iterate[0]
        assert f"The loss is taken at ${printed}$" in rest


def test_letters_that_give_way_are_told_apart() -> None:
    own = [*FIXED]
    change = Renaming(own, own)
    assert len({*change.changed.values(), *own}) == 2 * len(own)
    for letter in own:
        for formula in (
            rf"{letter}_1 + x",
            rf"x_{letter}",
            rf"\frac{{{letter}'}}{{2}}",
            f"{letter}",
        ):
            assert change.read(change.printed(formula)) == formula
            pieces = re.split(rf"(?<![\\a-z]){re.escape(letter)}", formula)
            marked = rf"\mathnormal{{{letter}}}".join(pieces)
            assert change.printed(marked) == formula
            assert change.read(formula) == marked
    assert (
        change.printed(r"\operatorname{Tr}(H^{\mathsf T})")
        == r"\operatorname{Tr}(\mathbf{H}^{\mathsf T})"
    )


@pytest.mark.slow
def test_an_entry_may_be_called_like_its_matrix() -> None:
    def step(w: Any, u: Any, v: Any, gradient: Any, *, D: Any, b: Any) -> Any:
        u = u / 2 - gradient(w)
        v = D * v + u
        return w + b * v, u, v

    page = derive(sgdmem.method(step))
    assert "(x - D)" in page.latex()
