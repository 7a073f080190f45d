"""Whatever a caller passes, the answer is a result or a clear error, without a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import sgdmem
from sgdmem.numeric.problems.target import PowerLawTarget

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


def judged(*arguments: Any) -> Any:
    return sgdmem.stability(*arguments).to_dict()


def mapped(x: Any = ("learning_rate", [1]), **changes: Any) -> Any:
    arguments = {"family": "heavy-ball", "x": x, "y": ROW, "spectrum": SPECTRUM, **changes}
    return sgdmem.phase_diagram(**arguments)


def pushed(spectrum: Any = SPECTRUM, batch_size: Any = 8, **changes: Any) -> Any:
    arguments = {"family": "heavy-ball", "momentum": "0.9", **changes}
    return sgdmem.largest_learning_rate(batch_size=batch_size, **arguments).intervals


CALLS: dict[str, Callable[[Any], Any]] = {
    "Spectrum": sgdmem.Spectrum,
    "Spectrum weights": lambda v: sgdmem.Spectrum([1, 2], v),
    "power_law exponent": lambda v: sgdmem.Spectrum.power_law(v).trace,
    "power_law scale": lambda v: sgdmem.Spectrum.power_law(2, v).trace,
    "power_law count": lambda v: sgdmem.Spectrum.power_law(2, 1, v),
    "from_features": sgdmem.Spectrum.from_features,
    "load": sgdmem.Spectrum.load,
    "scaled": SPECTRUM.scaled,
    "scaled law": LAW.scaled,
    "power_sum": LAW.power_sum,
    "noise_from_features": sgdmem.noise_from_features,
    "fit_power_law": sgdmem.fit_power_law,
    "losses algorithm": lambda v: sgdmem.losses(v, SPECTRUM, [1, 1], 3),
    "losses spectrum": lambda v: sgdmem.losses(METHOD, v, [1, 1], 3),
    "losses target": lambda v: sgdmem.losses(METHOD, SPECTRUM, v, 3),
    "losses steps": lambda v: sgdmem.losses(METHOD, SPECTRUM, [1, 1], v),
    "losses batch_size": lambda v: sgdmem.losses(METHOD, SPECTRUM, [1, 1], 3, v),
    "losses tau2": lambda v: sgdmem.losses(METHOD, SPECTRUM, [1, 1], 3, 4, 1, v),
    "losses method": lambda v: sgdmem.losses(METHOD, SPECTRUM, [1, 1], 3, method=v),
    "power_law_target": PowerLawTarget,
    "power_law_target energy": lambda v: PowerLawTarget(1, v),
    "target_from_features": lambda v: sgdmem.target_from_features(v, [1, 2]),
    "target_from_features y": lambda v: sgdmem.target_from_features([[1, 2], [2, 1]], v),
    "target_from_features start": lambda v: sgdmem.target_from_features([[1, 2]], None, v),
    "Schedule": lambda v: sgdmem.Schedule(0, "x", lambda t: v).steps(0, 2),
    "Schedule entry": lambda v: sgdmem.Schedule(0, "x", lambda t: [v]).steps(0, 2),
    "simulate steps": lambda v: sgdmem.simulate(METHOD, SPECTRUM, [1, 1], v, 4),
    "compare_methods methods": lambda v: (
        v is None
        or sgdmem.methods.compare_methods(
            sgdmem.Problem.power_law(2, 0.5), 10, 1000, methods=v
        )  # None: all of them
    ),
    "schedule": lambda v: sgdmem.methods.schedule("sgd", learning_rate=v),
    "schedule family": lambda v: sgdmem.methods.schedule(v, learning_rate=1),
    "loss_regime": lambda v: sgdmem.methods.loss_regime(v, v),
    "loss_asymptotics": lambda v: sgdmem.loss_asymptotics(METHOD, LAW, v, 100),
    "simulate target": lambda v: sgdmem.simulate(METHOD, SPECTRUM, v, 3, 4),
    "simulate batch_size": lambda v: sgdmem.simulate(METHOD, SPECTRUM, [1, 1], 3, v),
    "simulate seeds": lambda v: sgdmem.simulate(METHOD, SPECTRUM, [1, 1], 3, 4, seeds=v),
    "trajectory": lambda v: sgdmem.methods.trajectory(METHOD, lambda w, t: w, v, 3),
    "verify": lambda v: None if v is None else sgdmem.verify(v),  # None: all of them
    "stability algorithm": lambda v: judged(v, SPECTRUM),
    "stability spectrum": lambda v: judged(METHOD, v),
    "stability batch_size": lambda v: judged(METHOD, SPECTRUM, v),
    "stability tau1": lambda v: judged(METHOD, LAW, 8, v),
    "stability tau2": lambda v: judged(METHOD, SPECTRUM, 8, 1, v),
    "stability tau2 of a law": lambda v: judged(METHOD, LAW, 8, 1, v),
    "stability coupling": lambda v: judged(METHOD, SPECTRUM, 8, 1, [-1, 0], v),
    "is_stable alpha": lambda v: sgdmem.is_stable(
        v, "0.9", "-0.1", "0.9", SPECTRUM, batch_size=8
    ).to_dict(),
    "is_stable delta": lambda v: sgdmem.is_stable(
        "0.1", "0.9", "-0.1", v, LAW, batch_size=8
    ).to_dict(),
    "largest_learning_rate family": lambda v: pushed(family=v),
    "largest_learning_rate spectrum": pushed,
    "largest_learning_rate batch_size": lambda v: pushed(batch_size=v),
    "largest_learning_rate momentum": lambda v: pushed(momentum=v),
    "largest_learning_rate coupling": lambda v: pushed(coupling=v),
    "largest_learning_rate parameter": lambda v: pushed(parameter=v),
    "largest_learning_rate search": lambda v: pushed(search=v),
    "largest_learning_rate search end": lambda v: pushed(search=(0, v)),
    "Algorithm alpha": sgdmem.Algorithm,
    "Algorithm b": lambda v: sgdmem.Algorithm(1, v, [1], [[0]]),
    "Algorithm D": lambda v: sgdmem.Algorithm(1, [1], [1], v),
    "Algorithm a": lambda v: sgdmem.Algorithm(1, [1], [1], [[0]], v),
    "from_recurrence p": lambda v: sgdmem.Algorithm.from_recurrence(v, [1, 0]),
    "substitute": lambda v: sgdmem.methods.general(1).substitute(v),
    "noise_summand": METHOD.noise_summand,
    "heavy_ball": lambda v: sgdmem.heavy_ball(v, "0.5"),
    "aggmo": lambda v: sgdmem.aggmo("0.5", v),
    "averaging algorithm": lambda v: sgdmem.methods.averaging(v, "0.5"),
    "averaging rate": lambda v: sgdmem.methods.averaging(METHOD, v),
    "general": lambda v: sgdmem.methods.general(v),
    "convert": lambda v: sgdmem.methods.convert(v, "two-rate"),
    "convert family": lambda v: sgdmem.methods.convert(METHOD, v),
    "equivalent": lambda v: sgdmem.methods.equivalent(METHOD, v),
    "phase_diagram family": lambda v: mapped(family=v),
    "phase_diagram x": mapped,
    "phase_diagram x values": lambda v: mapped(("learning_rate", v)),
    "phase_diagram x value": lambda v: mapped(("learning_rate", [v])),
    "phase_diagram spectrum": lambda v: mapped(spectrum=v),
    "phase_diagram batch_size": lambda v: mapped(batch_size=v),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_result_or_an_input_error(name: str) -> None:
    for label, value in VALUES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                CALLS[name](value)
            except sgdmem.SgdmemError:
                pass
            except Exception as error:
                pytest.fail(f"{name} given {label}: {type(error).__name__}: {error}")
