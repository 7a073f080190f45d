"""Source code in other languages against the library."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, heavy_ball, stability
from sgdmem.methods import general, source_code
from sgdmem.numeric.exported_code.source_code import LANGUAGES
from sgdmem.symbolic.zoo.families_by_name import USUAL_FAMILIES
from tests.asking import noisy
from tests.javascript import evaluate

SUBJECTS: dict[str, Algorithm] = {
    **{name: family.symbolic() for name, family in USUAL_FAMILIES.items()},
    "general 3, shifted": general(3, shifted=True),
    "numbers": heavy_ball("0.1", "0.9"),
    # names that mean something else in Python, in MATLAB, in JavaScript, and in the code itself
    "names": heavy_ball(
        sympy.Symbol("lambda"), sympy.Symbol("t4") + sympy.Symbol("end") * sympy.Symbol("typeof")
    ),
}
EIGENVALUES = (1.0, 0.3, 0.01)


def compiled(language: str, algorithm: Algorithm, folder: Path) -> tuple[Any, Any]:
    """Return the two functions, of floats alone."""
    source = source_code(algorithm, language)
    count = len(algorithm.free_symbols)
    if language == "python":
        module: dict[str, Any] = {}
        exec(source, module)
        return module["noise_summand"], module["is_stable"]
    (folder / "code.c").write_text(source)
    command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "code.c"]
    subprocess.run([*command, "-lm", "-o", "code.so"], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "code.so"))
    double = ctypes.c_double
    library.noise_summand.restype = double
    library.noise_summand.argtypes = [double] * (count + 1)
    library.is_stable.restype = ctypes.c_bool
    library.is_stable.argtypes = [ctypes.c_void_p, ctypes.c_size_t, double, *[double] * (count + 2)]

    def is_stable(eigenvalues: Any, batch_size: float, *values: float) -> bool:
        array = np.array(eigenvalues)
        found = library.is_stable(array.ctypes.data, array.size, batch_size, *values, 1.0, 0.0)
        return bool(found)

    return library.noise_summand, is_stable


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("language", ["python", "c"])
def test_code_agrees_with_the_library(
    language: str, name: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    if language == "c" and shutil.which("cc") is None:
        pytest.skip("no C compiler")
    algorithm = SUBJECTS[name]
    symbols = sorted(algorithm.free_symbols, key=str)
    summand, is_stable = compiled(language, algorithm, tmp_path)
    seen = set()
    for _ in range(40):
        values = [float(x) for x in rng.uniform(0.02, 0.5, len(symbols))]
        batch_size = float(rng.uniform(0.01, 4))
        exact = {symbol: repr(value) for symbol, value in zip(symbols, values, strict=True)}
        member = algorithm.substitute(exact) if symbols else algorithm
        verdict = stability(member, Spectrum(EIGENVALUES), batch_size)
        found = [summand(lam, *values) for lam in EIGENVALUES]
        if math.isfinite(verdict.noise_sum):
            assert sum(found) / batch_size == pytest.approx(verdict.noise_sum, rel=1e-11)
        else:
            assert math.inf in found
        assert is_stable(EIGENVALUES, batch_size, *values) is verdict.stable
        seen.add(verdict.stable)
    assert True in seen


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_javascript_agrees_with_the_library(name: str, rng: np.random.Generator) -> None:
    algorithm = SUBJECTS[name]
    symbols = sorted(algorithm.free_symbols, key=str)
    points = [
        {"values": rng.uniform(0.02, 0.5, len(symbols)).tolist(), "size": rng.uniform(0.01, 4)}
        for _ in range(40)
    ]
    function = """({points, eigenvalues}) => points.map(({values, size}) => [
        eigenvalues.map((lam) => noise_summand(lam, ...values)),
        is_stable(eigenvalues, size, ...values, 1, 0.5),
        is_stable(new Float64Array(eigenvalues), size, ...values),
    ])"""
    data = {"points": points, "eigenvalues": EIGENVALUES}
    source = '"use strict";\n' + source_code(algorithm, "javascript")
    seen = set()
    for point, answer in zip(points, evaluate(source, function, data), strict=True):
        summands, damped, plain = answer
        values = {symbol: repr(x) for symbol, x in zip(symbols, point["values"], strict=True)}
        member = algorithm.substitute(values) if symbols else algorithm
        verdict = stability(member, Spectrum(EIGENVALUES), point["size"])
        if math.isfinite(verdict.noise_sum):
            assert sum(summands) / point["size"] == pytest.approx(verdict.noise_sum, rel=1e-11)
        else:
            assert math.inf in summands
        assert plain is verdict.stable
        problem = noisy(Spectrum(EIGENVALUES), tau2="0.5")
        assert damped is stability(member, problem, point["size"]).stable
        seen.add(plain)
    assert True in seen


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SUBJECTS)
def test_all_languages_have_all_names(language: str, name: str) -> None:
    source = source_code(SUBJECTS[name], language)
    assert "v_" not in source
    assert source.count("noise_summand(") >= 2


@pytest.mark.parametrize(
    ("algorithm", "language", "message"),
    [
        (
            heavy_ball(1, 0),
            "fortran",
            "language must be one of python, c, julia, matlab, javascript",
        ),
        ("sgd", "c", "algorithm must be an Algorithm"),
        (heavy_ball(sympy.sqrt(2) * sympy.Symbol("x"), 0), "c", "rational"),
    ],
)
def test_bad_input(algorithm: Any, language: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        source_code(algorithm, language)


def test_only_the_noise_of_two_parameters_is_a_formula() -> None:
    plain = source_code(heavy_ball(1, 0), "c")
    assert source_code(heavy_ball(1, 0), "c", Problem(Spectrum([1]), Noise(tau2=-1))) == plain
    for problem in (
        Problem.from_data([[1.0, 0.0], [1.0, 2.0]]),
        Problem(Spectrum([2, 1]), Noise.coupled([[2, 1], [1, 2]])),
    ):
        with pytest.raises(InputError, match="has no closed form; ask stability"):
            source_code(heavy_ball(1, 0), "c", problem)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_algorithm_that_is_stable_nowhere_is_refused(language: str) -> None:
    never_learns = Algorithm(0, b=1, c=0, D="1/2")  # Q(1) = 0
    never_forgets = Algorithm(0, b=0, c=1, D=1)
    for algorithm in (never_learns, never_forgets):
        with pytest.raises(InputError, match="must be stable at some eigenvalue"):
            source_code(algorithm, language)
