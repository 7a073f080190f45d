"""Names of parameters must not matter, whatever generated source calls its own variables."""

from __future__ import annotations

import copy
import keyword
import pickle
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, heavy_ball, phase_diagram, sgd
from sgdmem.methods import evaluator
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import judge_source
from sgdmem.numeric.compiled_maps.machine_code_by_poles import pole_source
from sgdmem.numeric.exported_code.evaluator import TARGETS

SPECTRUM = Spectrum([1, 0.5])


def renamed(first: str, second: str) -> Callable[..., Algorithm]:
    """Return the heavy ball with other names of its parameters."""
    scope: dict[str, Any] = {"heavy_ball": heavy_ball}
    exec(f"def family({first}, {second}): return heavy_ball({first}, {second})", scope)
    return scope["family"]  # type: ignore[no-any-return]


def used_names() -> list[str]:
    """Return all names that occur in generated source, and some more."""
    run = evaluator("heavy-ball")
    texts = [run.source(compiled) for compiled in (False, True)]
    texts += [run.forms.source(damped=False, cuda=cuda) for cuda in (False, True)]
    texts += [judge_source(1, damped=True), judge_source(8, damped=False), pole_source(1)]
    found = set(re.findall(r"[A-Za-z_]\w*", " ".join(texts)))
    found |= {"r3", "x_r", "v_x", "numpy", "print", "tau2_share", "η", "__class__"}
    return sorted(x for x in found if x.isidentifier() and not keyword.iskeyword(x))


NAMES = used_names()
RESERVED = ("lam", "self", "target", "digits", "spectrum", "threads")


def check_evaluator(first: str, second: str) -> None:
    if {first, second} & {*RESERVED}:
        return
    run, usual = evaluator(renamed(first, second)), evaluator("heavy-ball")
    for target in ("numba", "numpy", "exact"):
        for rate in (0.1, 5.0):
            values: dict[str, Any] = {first: rate, second: 0.3}
            found = run(1.0, target=target, **values)
            assert found == usual(1.0, target=target, learning_rate=rate, momentum=0.3)
    values = {first: [0.1, 5.0], second: 0.3}
    sums = run.noise_sums(SPECTRUM, **values)
    assert np.array_equal(sums, usual.noise_sums(SPECTRUM, learning_rate=[0.1, 5.0], momentum=0.3))


@pytest.mark.slow
def test_evaluators(rng: np.random.Generator) -> None:
    check_evaluator("stable", "total")
    for _ in range(5):
        check_evaluator(*rng.choice(NAMES, 2, replace=False).tolist())


@pytest.mark.exhaustive
@pytest.mark.parametrize("start", range(0, len(NAMES) - 1, 2))
def test_evaluators_with_every_name(start: int) -> None:
    check_evaluator(*NAMES[start : start + 2])


@pytest.mark.parametrize(
    ("first", "second"),
    [("r3", "t4"), ("x", "x_r"), ("p", "values"), ("out", "tau2_share"), ("inf", "radii"),
     ("lam", "target")],
)  # fmt: skip
def test_maps(first: str, second: str) -> None:
    rates, momenta = [Fraction(k, 10) for k in range(1, 41)], [Fraction(k, 26) for k in range(26)]
    for tau2 in (0, -1):
        problem = Problem(SPECTRUM, Noise(tau2=tau2))
        family = renamed(first, second)
        found = phase_diagram(family, problem, 2, x=(first, rates), y=(second, momenta))
        x, y = ("learning_rate", rates), ("momentum", momenta)
        usual = phase_diagram("heavy-ball", problem, 2, x=x, y=y)
        for key in ("stable", "noise_sum", "margin"):
            assert np.array_equal(found[key].values, usual[key].values)


@pytest.mark.parametrize("name", RESERVED)
def test_names_that_a_call_uses(name: str) -> None:
    with pytest.raises(InputError, match=f"needs a name of its own other than .*got '{name}'"):
        evaluator(renamed(name, "momentum"))


def test_names_that_are_none() -> None:
    def any_names(**values: Any) -> Algorithm:
        return sgd(next(iter(values.values())))

    for name in ("a b", "x; import os", "1x"):
        with pytest.raises(InputError, match="needs a name of its own"):
            evaluator(any_names, [name])


@pytest.mark.parametrize("name", ["stable", "noise_sum", "margin"])
def test_axes_are_not_called_like_results(name: str) -> None:
    with pytest.raises(InputError, match=f"can be called '{name}'"):
        phase_diagram(renamed(name, "b"), SPECTRUM, x=(name, [1, 2]), y=("b", [0, 0.5]))


# Other arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("value", [None, [None, 0.5], 1j, True, "fast", np.datetime64(1, "s")])
def test_what_is_no_number(target: Any, value: Any) -> None:
    with pytest.raises(InputError, match="learning_rate"):
        evaluator("sgd")(1, target=target, learning_rate=value)


@pytest.mark.parametrize("digits", [0, -3, 14, 15.5, None, "a"])
def test_digits(digits: Any) -> None:
    with pytest.raises(InputError, match="digits must be an integer >= 15"):
        evaluator("sgd")(1, target="mpmath", digits=digits, learning_rate=0.5)


def test_all_kinds_of_lists() -> None:
    run = evaluator("sgd")
    for values in ([Fraction(1, 4), 0.5], ["1/4", "0.5"], np.array([0.25, 0.5], dtype=np.float32)):
        assert run(1, learning_rate=values).tolist() == run(1, learning_rate=[0.25, 0.5]).tolist()
    assert run(1, learning_rate=[]).shape == (0,)
    assert run.noise_sums(SPECTRUM, learning_rate=np.empty((0, 3))).shape == (0, 3)


def test_nothing_left_free() -> None:
    run = evaluator("heavy-ball", learning_rate="0.1", momentum="0.9")
    assert run.noise_sums(SPECTRUM) == pytest.approx(run(1) + run(0.5))


def test_copies_after_use() -> None:
    run = evaluator("sgd")
    value = run(1, learning_rate=0.5), run.noise_sums(SPECTRUM, learning_rate=0.5)
    for other in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run), copy.copy(run)):
        assert (other(1, learning_rate=0.5), other.noise_sums(SPECTRUM, learning_rate=0.5)) == value
    assert repr(run) == "Evaluator(sgd: learning_rate; memory 0)"
    assert hash(run) != hash(other)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (lambda a: 1 / 0, "does not take symbols"),
        (lambda a: sgd(0 * a), "never moves"),
        (lambda a: sgd(a * __import__("sympy").Symbol("zz")), "no parameters: zz"),
        (lambda a: None, "what <lambda> returns must be an Algorithm"),
    ],
)
def test_strange_families(family: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluator(family)


@pytest.mark.parametrize("parameters", ["momentum", ["momentum", "momentum"]])
def test_bad_lists_of_parameters(parameters: Any) -> None:
    with pytest.raises(InputError, match="parameter"):
        evaluator("heavy-ball", parameters, learning_rate=1)
