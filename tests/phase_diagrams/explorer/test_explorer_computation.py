"""The computation of the explorer's page against the library."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import Algorithm, Spectrum, explore, stability
from sgdmem.methods import general, loss_regime
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.phase_diagrams.explorer.explorer import Explorer
from sgdmem.phase_diagrams.explorer.methods import ExploredMethod
from sgdmem.symbolic.errors import UndefinedError
from sgdmem.symbolic.stability.schur import is_schur_form
from tests import naive
from tests.asking import noisy
from tests.javascript import evaluate


@pytest.fixture(scope="module")
def page() -> Explorer:
    return explore()


def member(method: ExploredMethod, values: list[float], exact: bool = False) -> Algorithm:
    """Return the algorithm of a point: decimals, or the floats themselves."""
    call = method.call
    for parameter, value in zip(method.parameters, values, strict=True):
        shown = f"Fraction({value!r})" if exact else f'"{value!r}"'
        call = call.replace(f"{{{parameter.name}}}", shown)
    made = eval(call, {"sgdmem": sgdmem, "Fraction": Fraction})
    assert isinstance(made, Algorithm)
    return made


def drawn(method: ExploredMethod, rng: np.random.Generator) -> list[float]:
    """Return values within the sliders' ranges; now and then an end of one."""
    values = []
    for p in method.parameters:
        share = rng.choice([0.0, 1.0]) if rng.random() < 0.05 else rng.random()
        value = p.low * (p.high / p.low) ** share if p.log else p.low + (p.high - p.low) * share
        values.append(float(f"{value:.4g}"))
    return values


def state_of(family: int, values: list[float], **problem: Any) -> dict[str, Any]:
    law = {"nu": 1.5, "scale": 1, "count": math.inf}
    usual = {"spectrum": law, "batch_size": 32, "tau1": 1, "tau2": 0, "zeta": 0.5}
    return {"family": family, "values": values, **usual, **problem}


@pytest.mark.slow
@pytest.mark.parametrize("points", [800, pytest.param(10_000, marks=pytest.mark.exhaustive)])
def test_generated_code(page: Explorer, points: int, rng: np.random.Generator) -> None:
    """Noise summand, stability, effective rate and roots of all methods, against exact numbers."""
    states = []
    for number in range(points):
        family = number % len(page.methods)
        lam = float(10 ** rng.uniform(-6, 1))
        spectrum = {"listed": True, "eigenvalues": [lam]}
        size = float(10 ** rng.uniform(-2, 2))
        values = drawn(page.methods[family], rng)
        states.append(state_of(family, values, spectrum=spectrum, batch_size=size))
    found = evaluate(
        page.computation,
        """(states) => states.map((state) => {
            const lam = state.spectrum.eigenvalues[0], found = new Float64Array(3);
            const member = memberOf(FAMILIES[state.family], state.values);
            const { functions, p } = member, described = functions.describe(p);
            const c = functions.coefficients(p);
            const code = classify(member, stateNodes(state, RULES.map), state, found);
            const { s, pivots } = functions.summand(lam, c);
            const rate = described.effective_learning_rate;
            const close = closestPivot(functions, c, [lam]);
            return {code, s, pivots, rate, roots: rootsAt(described, lam), close: close.passing};
        })""",
        states,
    )
    kinds = set()
    for number, (state, answer) in enumerate(zip(states, found, strict=True)):
        method = page.methods[state["family"]]
        algorithm = member(method, state["values"], exact=True)
        eigenvalue = Fraction(state["spectrum"]["eigenvalues"][0])
        schur = is_schur_form(algorithm.half_plane_form, eigenvalue)
        assert all(pivot > 0 for pivot in answer["pivots"]) is schur, (method.name, state)
        if number < 200:  # and the exact numbers themselves by a slow, obvious way
            raw = naive.Raw(algorithm.alpha, algorithm.b, algorithm.c, algorithm.D, algorithm.a)
            assert naive.is_schur(raw, eigenvalue) is schur
            if schur:
                summand = algorithm.noise_summand(eigenvalue)
                assert naive.noise_summand_exact(raw, eigenvalue) == summand
        if schur:
            exact = algorithm.noise_summand(eigenvalue)
            assert answer["s"] == pytest.approx(float(exact), rel=1e-13 / answer["close"])
            radius = exact / Fraction(state["batch_size"])
            if abs(radius - 1) > 1e-9:
                assert answer["code"] == (0 if radius < 1 else 2)
            kinds.add(answer["code"])
        else:
            assert answer["code"] == 1
            kinds.add(1)
        try:
            rate = float(algorithm.effective_learning_rate)
            assert answer["rate"] == pytest.approx(rate, rel=1e-12)
        except UndefinedError:
            assert answer["rate"] is None  # JSON's word for what is no number
        _, P, Q, _ = algorithm.polynomials
        chi = np.array([float(x) for x in P])
        chi[: len(Q)] -= [float(eigenvalue * x) for x in Q]
        roots = np.array([complex(*root) for root in answer["roots"]])
        chi = chi[: np.flatnonzero(chi)[-1] + 1]
        # all roots, with multiplicities: their polynomial is the one that was solved
        assert np.poly(roots) == pytest.approx(chi[::-1] / chi[-1], rel=1e-10, abs=1e-10)
    assert kinds == {0, 1, 2}


@pytest.mark.slow
@pytest.mark.parametrize("laws", [40, pytest.param(400, marks=pytest.mark.exhaustive)])
def test_verdicts_on_power_laws(page: Explorer, laws: int, rng: np.random.Generator) -> None:
    states, verdicts = [], []
    for number in range(laws):
        family = number % len(page.methods)
        values = drawn(page.methods[family], rng)
        nu = float(f"{rng.uniform(0.4, 4):.3g}")
        count = None if rng.random() < 0.6 else int(10 ** rng.uniform(0, 6))
        size = math.inf if rng.random() < 0.1 else float(f"{10 ** rng.uniform(-1.5, 3):.4g}")
        tau2 = float(rng.choice([0, 0, -1, 0.5, 1]))
        law = {"nu": nu, "scale": 1, "count": count or math.inf}
        states.append(state_of(family, values, spectrum=law, batch_size=size, tau2=tau2))
        algorithm = member(page.methods[family], values)
        verdicts.append(
            stability(algorithm, noisy(Spectrum.power_law(repr(nu), count=count), 1, tau2), size)
        )
    found = evaluate(page.computation, "(states) => states.map(verdict)", states)
    names = ("noise_sum", "output_noise_sum", "critical_batch_size", "effective_learning_rate")
    undecided = 0
    for number, (state, answer, expected) in enumerate(zip(states, found, verdicts, strict=True)):
        if answer["stable"] is None:  # only where it is close: the library may know better
            assert expected.stable is None or abs(expected.margin) < 1e-6, state
            undecided += 1
            continue
        assert answer["stable"] is expected.stable, state
        assert answer["reason"] == expected.reason.value, state
        if expected.reason.value == "noiseless":
            assert answer["binding"] == expected.binding.value
        for name in names:
            value = getattr(expected, name)
            if answer[name] is None or value is None:
                assert answer[name] is value, (name, state)
            else:
                assert answer[name] == pytest.approx(value, rel=1e-10), (name, state)
        if len(expected.noiseless_intervals) == 1:
            critical = answer["critical_eigenvalue"]
            assert critical == pytest.approx(expected.critical_eigenvalue, rel=1e-10)
        # the library takes long to prove these
        if number % 4 == 0 and len(expected.stable_scales) == 1:
            assert answer["scale"] == pytest.approx(expected.critical_scale, rel=1e-9), state
        if expected.stable and math.isfinite(size := state["batch_size"]) and size:
            assert answer["margin"] == pytest.approx(expected.margin, rel=1e-9)
    assert undecided < 10
    assert {verdict.reason.value for verdict in verdicts} >= {
        *("stable", "noiseless", "noise_sum", "trace_diverges", "mode_noise"),
    }


def test_edges_are_left_to_the_library(page: Explorer) -> None:
    names = [method.name for method in page.methods]
    one = {"listed": True, "eigenvalues": [1.0]}
    sgd, ball = names.index("sgd"), names.index("heavy-ball")
    critical = 1 / 3  # s = 1/3
    states = [
        state_of(sgd, [2.0], spectrum=one),
        state_of(ball, [0.1, 1.0]),
        state_of(sgd, [0.5], spectrum=one, batch_size=critical),
        state_of(sgd, [0.5], spectrum=one, tau1=0.5, tau2=0.6),
        state_of(sgd, [0.0], spectrum=one),
        state_of(sgd, [-0.1], spectrum=one),
    ]
    function = """(states) => states.map((state) => {
        const member = memberOf(FAMILIES[state.family], state.values);
        const nodes = stateNodes(state, RULES.map);
        const code = classify(member, nodes, state, new Float64Array(3));
        return {...verdict(state), code};
    })"""
    found = evaluate(page.computation, function, states)
    assert found[3]["code"] == 6  # a colour of its own on the map: tau2 > tau1
    assert [(x["stable"], x["reason"]) for x in found] == [
        (None, "undecided_noiseless"),
        (None, "undecided_noiseless"),
        (None, "undecided_noise_sum"),
        (None, "unphysical_noise"),
        (False, "no_pull"),
        (False, "noiseless"),
    ]


LOSSES: list[tuple[str, list[float], dict[str, Any]]] = [
    ("heavy-ball", [0.1, 0.9], {}),
    ("heavy-ball", [0.1, 0.99], {"batch_size": 1000}),
    ("nesterov", [0.1, 0.9], {"nu": 1.2, "batch_size": 320, "tau2": -1, "zeta": 0.3}),
    ("aggmo", [0.1, 0.5, 0.95], {"nu": 2.5, "tau2": 1, "zeta": 2}),
    ("sgd", [1.0], {"count": 10**6, "zeta": 1}),
    ("sgd", [1.0], {"nu": 0.8, "zeta": 1}),
    ("sgd", [1.0], {"nu": 0.8, "count": 10**5, "batch_size": 3200}),
    ("two-rate", [0.01, 0.3, 0.99], {"count": 100, "tau2": 0.5, "zeta": 0.7}),
    ("averaged-sgd", [0.3, 0.01], {"eigenvalues": [3, 1, 0.2, 0.01], "zeta": 0.7}),
    ("qhm", [2.5, 0.5, 0.5], {"batch_size": 1}),
    ("memory-one", [50.0, 0.5, 0.01], {"batch_size": math.inf}),
]


@pytest.mark.slow
def test_losses(page: Explorer) -> None:
    steps = 2000
    names = [method.name for method in page.methods]
    states, expected = [], []
    for name, values, given in LOSSES:
        problem = {"nu": 1.5, "count": None, "batch_size": 32, "tau2": 0, "zeta": 0.5, **given}
        nu, count, listed = (
            problem.pop("nu"),
            problem.pop("count"),
            problem.pop("eigenvalues", None),
        )
        law = {"nu": nu, "scale": 1, "count": count or math.inf}
        embedded = law if listed is None else {"listed": True, "eigenvalues": listed}
        family = names.index(name)
        states.append(state_of(family, values, spectrum=embedded, **problem))
        spectrum = Spectrum.power_law(nu, count=count) if listed is None else Spectrum(listed)
        zeta = problem["zeta"]
        target = PowerLawTarget(zeta) if listed is None else np.array(listed) ** (zeta - 1.0)
        asked = noisy(spectrum, tau2=problem["tau2"], target=target)
        algorithm = member(page.methods[family], values)
        expected.append(sgdmem.losses(algorithm, asked, problem["batch_size"], steps))
    function = """({states, steps}) => states.map((state) => {
        const running = lossSteps(state, steps);
        let step = running.next();
        while (!step.done) step = running.next();
        return Array.from(step.value);
    })"""
    found = evaluate(page.computation, function, {"states": states, "steps": steps})
    for case, losses, exact in zip(LOSSES, found, expected, strict=True):
        finite = np.isfinite(exact) & (exact > 1e-280)
        assert finite.sum() > 10
        assert np.array(losses)[finite] == pytest.approx(exact[finite], rel=1e-10), case
        assert (np.array(losses)[np.isinf(exact)] == np.inf).all()


def test_infinite_losses(page: Explorer) -> None:
    law = {"nu": 0.45, "scale": 1, "count": math.inf}
    function = (
        """(state) => { const running = lossSteps(state, 3); return [...running.next().value]; }"""
    )
    found = evaluate(page.computation, function, state_of(0, [0.1], spectrum=law))
    assert math.isfinite(found[0]) and found[1:] == [math.inf] * 3


def test_regimes(page: Explorer) -> None:
    cases = [[nu, zeta] for nu in (0.4, 0.5, 0.8, 1, 1.2, 2, 3) for zeta in (0.3, 1, 1.5, 2, 4)]
    function = "(cases) => cases.map(([nu, zeta]) => lossRegime(nu, zeta))"
    assert evaluate(page.computation, function, cases) == [loss_regime(*case) for case in cases]


def test_gauss_jacobi_rules(page: Explorer) -> None:
    """Moments of t^power on (0, 1): (power + 1) / (n + power + 1)."""
    powers = [-0.99, -0.5, 0, 0.5, 3]
    function = """(powers) => powers.map((power) => {
        const { nodes, weights } = jacobiRule(8, power);
        return Array.from({length: 16}, (_, n) =>
            nodes.reduce((sum, t, i) => sum + weights[i] * t ** n, 0));
    })"""
    for power, moments in zip(powers, evaluate(page.computation, function, powers), strict=True):
        exact = [(power + 1) / (n + power + 1) for n in range(16)]
        assert moments == pytest.approx(exact, rel=1e-12)


@pytest.mark.slow
def test_own_methods_of_larger_memory(rng: np.random.Generator) -> None:
    method = explore(general(3, shifted=True))
    count = len(method.methods[0].parameters)
    values = [[float(x) for x in rng.uniform(-0.4, 0.4, count)] for _ in range(200)]
    function = """(points) => points.map((p) => {
        const { functions } = FAMILIES[0], c = functions.coefficients(p);
        const { s, at_w, pivots } = functions.summand(0.7, c);
        return [pivots.every((pivot) => pivot > 0), s, at_w];
    })"""
    seen = set()
    for point, (schur, s, at_w) in zip(
        values, evaluate(method.computation, function, values), strict=True
    ):
        algorithm = general(3, shifted=True).substitute(
            {p.name: x for p, x in zip(method.methods[0].parameters, point, strict=True)}
        )
        verdict = stability(algorithm, Spectrum([0.7]), 1)
        seen.add(schur)
        assert schur is math.isfinite(verdict.noise_sum)
        if schur:
            assert s == pytest.approx(verdict.noise_sum, rel=1e-9)
            assert at_w == pytest.approx(verdict.output_noise_sum, rel=1e-9)
    assert seen == {True, False}


@pytest.mark.slow
def test_boundary_is_where_python_says(page: Explorer) -> None:
    """Points of the page's curves, with their conditions, against `stability_boundary`."""
    x = {"name": "learning_rate", "low": 0.05, "high": 5, "log": True}
    y = {"name": "momentum", "low": -0.9, "high": 0.95, "log": False}
    for size, kinds in ((8, {"noise_sum"}), (math.inf, {"root_at_minus_1"})):
        state = state_of(1, [0.1, 0.9], batch_size=size)
        assert page.methods[1].name == "heavy-ball"
        function = """(job) => [...mapLevels(job)].filter((x) => x && x.boundary)[1].boundary"""
        pieces = evaluate(page.computation, function, {"state": state, "x": x, "y": y})
        outer = [piece for piece in pieces if piece["kind"] == "edge"]
        assert {piece["condition"] for piece in outer} == kinds
        places = [place for piece in outer for place in piece["points"]]
        assert len(places) > 50
        for s, t in places[::10]:
            momentum = -0.9 + 1.85 * t
            rate = 0.05 * 100**s
            largest = sgdmem.largest_learning_rate(
                "heavy-ball", Spectrum.power_law("1.5"), size, momentum=momentum
            )
            assert rate == pytest.approx(float(largest), rel=1e-6)
