"""Whatever a caller passes, the answer is a result or a clear error, without a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

import sgdmem
from sgdmem import methods

VALUES: dict[str, Any] = {
    "None": None,
    "empty text": "",
    "word": "fast",
    "huge text": "1e400",
    "tiny text": "1e-400",
    "bytes": b"1",
    "complex": 1j,
    "bool": True,
    "nan": float("nan"),
    "infinity": float("inf"),
    "zero": 0,
    "negative": -1,
    "largest float": 1.7e308,
    "smallest float": 5e-324,
    "fraction": Fraction(1, 3),
    "huge integer": 10**400,
    "decimal nan": Decimal("nan"),
    "irrational": sympy.sqrt(2),
    "symbol": sympy.Symbol("x"),
    "sympy infinity": sympy.oo,
    "sympy nan": sympy.nan,
    "empty list": [],
    "list": [1, 2],
    "list of None": [None],
    "huge list": [10**400, 1],
    "pairs": [("a", 1)],
    "matrix": [[1, 2], [3, 4]],
    "long text": "x" * 5000,
    "long texts": ["x" * 5000, "y"],
    "long list": list(range(-300, 0)),
    "lines": "1\n2",
    "SymPy Float": sympy.Float("0.3"),
    "mpf": mpmath.mpf("0.3"),
    "interval": mpmath.mpi(1, 2),
    "ball": flint.arb("0.3"),
    "real complex": 1 + 0j,
    "dictionary": {1: 2},
    "set": set(),
    "scalar array": np.array(1.0),
    "array of text": np.array(["a"]),
    "array of objects": np.array([None, 1]),
    "rectangle": np.ones((2, 3)),
    "cube": np.ones((2, 2, 2)),
    "object": object(),
    "class": type,
    "function": lambda: 1,
    "spectrum": sgdmem.Spectrum([1, 2]),
    "algorithm": sgdmem.sgd(1),
}

METHOD = sgdmem.heavy_ball("0.1", "0.9")
SPECTRUM = sgdmem.Spectrum([1, 0.5])
LAW = sgdmem.Spectrum.power_law(1.5)
ROW: tuple[str, list[float]] = ("momentum", [0, 0.5])


TARGETED = sgdmem.Problem(SPECTRUM, target=[1, 1])
DRAWN = sgdmem.Problem.from_data([[1.0, 0.5], [0.3, -1.0]], start=[1.0, 2.0])


def judged(*arguments: Any) -> Any:
    return sgdmem.stability(*arguments).to_dict()


def noisy(spectrum: Any = SPECTRUM, **noise: Any) -> Any:
    return judged(METHOD, sgdmem.Problem(spectrum, sgdmem.Noise(**noise)), 8)


def mapped(x: Any = ("learning_rate", [1]), family: Any = "heavy-ball", **changes: Any) -> Any:
    return sgdmem.phase_diagram(family, **{"problem": SPECTRUM, "x": x, "y": ROW, **changes})


def pushed(problem: Any = SPECTRUM, batch_size: Any = 8, **changes: Any) -> Any:
    arguments = {"family": "heavy-ball", "momentum": "0.9", **changes}
    return sgdmem.largest_learning_rate(
        problem=problem, batch_size=batch_size, **arguments
    ).intervals


CALLS: dict[str, Callable[[Any], Any]] = {
    "Spectrum": sgdmem.Spectrum,
    "Spectrum weights": lambda v: sgdmem.Spectrum([1, 2], v),
    "power_law exponent": lambda v: sgdmem.Spectrum.power_law(v).trace,
    "power_law scale": lambda v: sgdmem.Spectrum.power_law(2, v).trace,
    "power_law count": lambda v: sgdmem.Spectrum.power_law(2, 1, v),
    "load": sgdmem.Spectrum.load,
    "scaled": SPECTRUM.scaled,
    "scaled law": LAW.scaled,
    "power_sum": LAW.power_sum,
    "fit_power_law": sgdmem.fit_power_law,
    "Noise tau1": sgdmem.Noise,
    "Noise tau2": lambda v: sgdmem.Noise(1, v),
    "Noise.coupled": sgdmem.Noise.coupled,
    "Noise.coupled tau2": lambda v: sgdmem.Noise.coupled([[1, 0], [0, 1]], v),
    "Noise.fit": sgdmem.Noise.fit,
    "Noise.at": sgdmem.Noise().at,
    "Problem": sgdmem.Problem,
    "Problem noise": lambda v: sgdmem.Problem(SPECTRUM, v),
    "Problem target": lambda v: sgdmem.Problem(SPECTRUM, target=v),
    "Problem target of a law": lambda v: sgdmem.Problem(LAW, target=v),
    "Problem.power_law": sgdmem.Problem.power_law,
    "Problem.power_law zeta": lambda v: sgdmem.Problem.power_law(2, v),
    "Problem.power_law energy": lambda v: sgdmem.Problem.power_law(2, 1, energy=v),
    "Problem.from_data": sgdmem.Problem.from_data,
    "Problem.from_data rows": lambda v: sgdmem.Problem.from_data(v, [1, 2]),
    "Problem.from_data y": lambda v: sgdmem.Problem.from_data([[1, 2], [2, 1]], v),
    "Problem.from_data start": lambda v: sgdmem.Problem.from_data([[1, 2], [2, 1]], start=v),
    "Problem.from_hessian": sgdmem.Problem.from_hessian,
    "Spectrum.density": lambda v: sgdmem.Spectrum.density(v, v, v),
    "Spectrum.density modes": lambda v: sgdmem.Spectrum.density([1, 2], [1, 1], v),
    "losses algorithm": lambda v: sgdmem.losses(v, TARGETED, 4, 3),
    "losses problem": lambda v: sgdmem.losses(METHOD, v, 4, 3),
    "losses batch_size": lambda v: sgdmem.losses(METHOD, TARGETED, v, 3),
    "losses steps": lambda v: sgdmem.losses(METHOD, TARGETED, 4, v),
    "losses method": lambda v: sgdmem.losses(METHOD, TARGETED, 4, 3, method=v),
    "Schedule": lambda v: sgdmem.Schedule(0, "x", lambda t: v).steps(0, 2),
    "Schedule entry": lambda v: sgdmem.Schedule(0, "x", lambda t: [v]).steps(0, 2),
    "compare_methods methods": lambda v: (
        v is None  # None: all of them
        or methods.compare_methods(sgdmem.Problem.power_law(2, 0.5), 10, 1000, methods=v)
    ),
    "schedule": lambda v: methods.schedule("sgd", learning_rate=v),
    "schedule family": lambda v: methods.schedule(v, learning_rate=1),
    "loss_regime": lambda v: methods.loss_regime(v, v),
    "loss_asymptotics": lambda v: sgdmem.loss_asymptotics(METHOD, v, 100),
    "loss_curve algorithm": lambda v: methods.loss_curve(v, DRAWN, 1),
    "loss_curve problem": lambda v: methods.loss_curve(METHOD, v, 4),
    "loss_curve batch_size": lambda v: methods.loss_curve(METHOD, DRAWN, v),
    "simulate problem": lambda v: sgdmem.simulate(METHOD, v, 4, 3),
    "simulate batch_size": lambda v: sgdmem.simulate(METHOD, TARGETED, v, 3),
    "simulate steps": lambda v: sgdmem.simulate(METHOD, TARGETED, 4, v),
    "simulate seeds": lambda v: sgdmem.simulate(METHOD, TARGETED, 4, 3, seeds=v),
    "trajectory": lambda v: methods.trajectory(METHOD, lambda w, t: w, v, 3),
    "verify": lambda v: None if v is None else sgdmem.verify(v),  # None: all of them
    "stability algorithm": lambda v: judged(v, SPECTRUM),
    "stability problem": lambda v: judged(METHOD, v),
    "stability batch_size": lambda v: judged(METHOD, SPECTRUM, v),
    "stability tau1": lambda v: noisy(LAW, tau1=v),
    "stability tau2": lambda v: noisy(tau2=v),
    "stability tau2 of a law": lambda v: noisy(LAW, tau2=v),
    "stability coupling": lambda v: judged(
        METHOD, sgdmem.Problem(SPECTRUM, sgdmem.Noise.coupled(v, [-1, 0])), 8
    ),
    "is_stable alpha": lambda v: sgdmem.is_stable(
        v, "0.9", "-0.1", "0.9", SPECTRUM, batch_size=8
    ).to_dict(),
    "is_stable delta": lambda v: sgdmem.is_stable(
        "0.1", "0.9", "-0.1", v, LAW, batch_size=8
    ).to_dict(),
    "largest_learning_rate family": lambda v: pushed(family=v),
    "largest_learning_rate problem": pushed,
    "largest_learning_rate batch_size": lambda v: pushed(batch_size=v),
    "largest_learning_rate momentum": lambda v: pushed(momentum=v),
    "largest_learning_rate parameter": lambda v: pushed(parameter=v),
    "largest_learning_rate search": lambda v: pushed(search=v),
    "largest_learning_rate search end": lambda v: pushed(search=(0, v)),
    "Algorithm alpha": sgdmem.Algorithm,
    "Algorithm b": lambda v: sgdmem.Algorithm(1, v, [1], [[0]]),
    "Algorithm D": lambda v: sgdmem.Algorithm(1, [1], [1], v),
    "Algorithm a": lambda v: sgdmem.Algorithm(1, [1], [1], [[0]], v),
    "from_recurrence p": lambda v: sgdmem.Algorithm.from_recurrence(v, [1, 0]),
    "substitute": lambda v: methods.general(1).substitute(v),
    "noise_summand": METHOD.noise_summand,
    "heavy_ball": lambda v: sgdmem.heavy_ball(v, "0.5"),
    "aggmo": lambda v: sgdmem.aggmo("0.5", v),
    "averaging algorithm": lambda v: methods.averaging(v, "0.5"),
    "averaging rate": lambda v: methods.averaging(METHOD, v),
    "general": lambda v: methods.general(v),
    "convert": lambda v: methods.convert(v, "two-rate"),
    "convert family": lambda v: methods.convert(METHOD, v),
    "equivalent": lambda v: methods.equivalent(METHOD, v),
    "phase_diagram family": lambda v: mapped(family=v),
    "phase_diagram x": mapped,
    "phase_diagram x values": lambda v: mapped(("learning_rate", v)),
    "phase_diagram x value": lambda v: mapped(("learning_rate", [v])),
    "phase_diagram problem": lambda v: mapped(problem=v),
    "phase_diagram batch_size": lambda v: mapped(batch_size=v),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_result_or_an_input_error(name: str) -> None:
    for label, value in VALUES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                CALLS[name](value)
            except sgdmem.SgdmemError as error:
                assert "\n" not in str(error), (name, label)
                assert "x" * 81 not in str(error), (name, label)
                assert len(str(error)) < 500, (name, label)
            except Exception as error:
                pytest.fail(f"{name} given {label}: {type(error).__name__}: {error}")
