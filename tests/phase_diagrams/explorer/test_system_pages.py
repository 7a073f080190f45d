"""The pages of papers: their problems and verdicts against the library's constructors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import sgdmem
import sgdmem.systems
from sgdmem import InputError, Problem, explore, stability
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.phase_diagrams.explorer.explorer import Explorer
from sgdmem.phase_diagrams.systems.live_systems import LIVE_SYSTEMS, AlikeModes
from sgdmem.systems import active_clock, stochastic_edge
from tests.javascript import evaluate

NAMES = [name for name, system in LIVE_SYSTEMS.items() if system.problems]
LEAST = 1e-9  # distance from an edge below which rounding may decide


def drawn(low: float, high: float, log: bool, rng: np.random.Generator) -> float:
    share = rng.random()
    value = low * (high / low) ** share if log else low + (high - low) * share
    return float(f"{value:.4g}")


def quantities(problem: AlikeModes, rng: np.random.Generator) -> dict[str, float]:
    found = {}
    for name, q in problem.quantities.items():
        value = drawn(q.low, q.high, q.log, rng)
        found[name] = float(max(1, round(value))) if q.whole else value
    return found


def made(problem: AlikeModes, values: Mapping[str, float]) -> Problem:
    call = problem.call
    for name, value in values.items():
        shown = str(int(value)) if problem.quantities[name].whole else f'"{value!r}"'
        call = call.replace(f"{{{name}}}", shown)
    built = eval(call, {"sgdmem": sgdmem})
    assert isinstance(built, Problem)
    return built


@pytest.mark.parametrize("name", NAMES)
def test_expressions_are_those_of_the_constructors(name: str, rng: np.random.Generator) -> None:
    for problem in LIVE_SYSTEMS[name].problems.values():
        values = quantities(problem, rng)
        if "tokens" in values:
            values["tokens"] = 1.0
        exact = made(problem, values)
        known = {**values, "probability": values.get("probability", 1.0)}
        at = [sympify(x, known) for x in (problem.eigenvalue, problem.count)]
        assert at == pytest.approx([exact.spectrum.largest, exact.spectrum.weights.sum()])
        noise = exact.noise.at(1)
        assert sympify(problem.tau1, known) == pytest.approx(first(noise.tau1))
        assert sympify(problem.tau2, known) == pytest.approx(first(noise.tau2))


def first(values: Any) -> float:
    return float(np.ravel(np.array(values, dtype=float))[0])


def sympify(expression: Any, known: Mapping[str, float]) -> float:
    import sympy

    return float(sympy.sympify(expression).subs(known))


def point(page: Explorer, rng: np.random.Generator) -> tuple[dict[str, Any], Any, Problem]:
    """Return a state of the page, and the method and the problem of the library there."""
    system = page.system
    assert system is not None
    family = int(rng.integers(len(page.methods)))
    inputs = int(rng.integers(len(system.problems)))
    problem = list(system.problems.values())[inputs]
    method = page.methods[family]
    values = [drawn(p.low, p.high, p.log, rng) for p in method.parameters]
    call = method.call
    for parameter, value in zip(method.parameters, values, strict=True):
        call = call.replace(f"{{{parameter.name}}}", f'"{value!r}"')
    chosen = quantities(problem, rng)
    state = {"family": family, "inputs": inputs, "values": values, **chosen}
    state |= {"batch_size": drawn(1, 1e6, True, rng), "zeta": 1}
    return state, eval(call, {"sgdmem": sgdmem}), made(problem, chosen)


def agrees(answer: Mapping[str, Any], exact: Verdict) -> bool:
    """Compare a verdict of the page; near an edge it may leave it open."""
    if answer["stable"] is None:
        return exact.stable is None or abs(exact.margin) < LEAST
    if answer["stable"] is not exact.stable:
        return False
    if not math.isfinite(exact.noise_sum):
        return True
    assert answer["noise_sum"] == pytest.approx(exact.noise_sum, rel=1e-8)
    assert answer["critical_batch_size"] == pytest.approx(exact.critical_batch_size, rel=1e-8)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_verdicts_of_a_paper(name: str, rng: np.random.Generator) -> None:
    page = explore(system=name)
    points = [point(page, rng) for _ in range(500)]
    function = """(states) => states.map((given) => {
        const state = modelled(given), found = verdict(state), sums = new Float64Array(3);
        const member = memberOf(FAMILIES[state.family], state.values);
        const code = classify(member, stateNodes(state, RULES.map), state, sums);
        const known = knownOf(state, found);
        const rows = MODEL.rows.filter(([, names]) => names.every((name) => name in known));
        const shown = Object.fromEntries(rows.map(([label,, f]) => [label, f(known)]));
        return {...found, code, rows: shown};
    })"""
    answers = evaluate(page.computation, function, [state for state, _, _ in points])
    seen = set()
    for (state, method, problem), answer in zip(points, answers, strict=True):
        exact = stability(method, problem, state["batch_size"])
        assert agrees(answer, exact), (state, answer, exact)
        if abs(exact.margin) > LEAST:
            assert (answer["code"] == 0) is exact.stable
        seen.add(exact.reason.value)
        if name == "sparse-momentum" and "probability" in state:
            values = dict(
                zip((p.name for p in page.methods[state["family"]].parameters), state["values"],
                    strict=True)
            )  # fmt: skip
            clock = active_clock(
                *(state["probability"], values["learning_rate"], values.get("momentum", 0)),
                state["batch_size"],
            )
            rows = answer["rows"]
            assert rows["active updates, their share P"] == pytest.approx(clock.activity)
            assert rows["learning, in active updates"] == pytest.approx(clock.learning)
            if "momentum" in values:
                assert rows["retention, in active updates"] == pytest.approx(clock.retention)
    assert {"stable", "noise_sum"} <= seen


@pytest.mark.slow
def test_the_edge_of_stochastic_stability(rng: np.random.Generator) -> None:
    """Crossover and plateaus, and the lines of the map meet at the crossover."""
    page = explore(system="stochastic-edge")
    state = {"family": 0, "inputs": 0, "values": [0.1, 0.9], "sharpness": 1, "dimension": 200}
    state |= {"batch_size": 1000, "zeta": 1}
    x = {"name": "batch_size", "low": 1, "high": 1e6, "log": True}
    y = {"name": "sharpness", "low": 0.01, "high": 100, "log": True}
    function = """({state, x, y}) => {
        const levels = [...mapLevels({state: modelled(state), x, y})];
        const [, { boundary }] = levels.filter((level) => level?.boundary);
        return {found: verdict(modelled(state)), boundary};
    }"""
    answer = evaluate(page.computation, function, {"state": state, "x": x, "y": y})
    method = sgdmem.heavy_ball("0.1", "0.9")
    edge = stochastic_edge(method, sgdmem.systems.isotropic_features(1, 200), 1000)
    crossover = answer["found"]["crossover_batch_size"]
    assert crossover == pytest.approx(edge.crossover_batch_size, rel=1e-9)
    (line,) = [p for p in answer["boundary"] if p["kind"] == "line"]
    for s, t in line["points"]:
        sharpness, size = 0.01 * 1e4**t, 1e6**s
        assert sharpness == pytest.approx(2 * size / 201, rel=1e-6)  # 2 (1 - beta) / (eta (d + 1))
    assert edge.plateaus.full_batch == pytest.approx(2 * crossover / 201)


def test_a_system_has_its_problem() -> None:
    with pytest.raises(InputError, match="problem is chosen by the system"):
        explore(system="mem-sgd", problem=[1])
    with pytest.raises(InputError, match="system must be among stochastic-edge, "):
        explore(system="mem")
    page = explore("nesterov", system="mem-sgd", batch_size=7, ranges={"momentum": (0.1, 0.5)})
    assert page.start["batch_size"] == 7
    assert [(p.label, p.low) for p in page.methods[0].parameters][1] == ("momentum β", 0.1)


def test_dana_at_a_step() -> None:
    """Its page is one of power laws, that of the population, in the paper's letters."""
    page = explore(system="dana")
    start = page.start
    found = start["spectrum"]["nu"], start["tau2"], round(start["zeta"], 9), start["axes"][0]
    assert found == (2, -1, 1.2, "velocity_rate")
    labels = [parameter.label for parameter in page.methods[0].parameters]
    assert labels[:2] == ["velocity rate γ₃", "gradient rate γ₂"]
