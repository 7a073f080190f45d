r"""The papers that have a page with sliders: their problems, methods, letters and axes.

A problem is written in the quantities of its sliders: an eigenvalue, how often it is there, and the
noise of its modes are expressions in them, made by the constructors' own formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Symbol
from sympy.codegen import cfunctions

from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.systems.mem_sgd import as_stable_as_rand_k
from sgdmem.numeric.systems.random_features import population
from sgdmem.numeric.systems.sparse_momentum import active_share, active_times, sparse_noise
from sgdmem.numeric.systems.stochastic_edge import GAUSSIAN
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown


@dataclass(frozen=True)
class Quantity:
    """What a slider of the problem moves; of a domain from ``least`` to ``most``."""

    label: str
    low: float
    high: float
    value: float
    log: bool = True
    whole: bool = False
    least: float = 1e-12
    most: float = 1e12


@dataclass(frozen=True)
class AlikeModes:
    """A problem whose modes are alike, or tokens whose modes are, in terms of its quantities.

    Attributes
    ----------
    said : str
        What it is, in a sentence or two.
    call : str
        Python that makes it, with {quantity} where values go.
    quantities : mapping of str to Quantity
        By the names of their symbols.
    eigenvalue, count, tau1, tau2 : sympy expression
    shares : (sympy expression, sympy expression), optional
        How many tokens there are, and what the ``probability`` of token ``k`` is in proportion to:
        there are modes for each, and one token's noise does not reach another's.
    """

    said: str
    call: str
    quantities: Mapping[str, Quantity]
    eigenvalue: Expr
    count: Expr
    tau1: Any
    tau2: Any
    shares: tuple[Expr, Expr] | None = None


@dataclass(frozen=True)
class LiveSystem:
    """A paper's page.

    Attributes
    ----------
    title, reference : str
    methods : mapping of str to FamilyLike
        By their titles; the first one is shown.
    problems : mapping of str to AlikeModes
        By what their inputs are called; the first one is shown. Without any the problem is
        ``start``, with the sliders of power laws.
    axes : (str, str)
        What is across and what is up.
    ranges : dict
        Of parameters and of the batch size, as in `explore`.
    values : dict
        What sliders begin with.
    symbols : dict
        The paper's letters of parameters, in TeX.
    rows : dict
        What the verdict says beside, by its words: expressions in the quantities of all sliders,
        ``effective_learning_rate`` and ``critical_eigenvalue``.
    lines : dict
        By their words, expressions in the same quantities: where they are 1 the map has a line.
    notes : dict
        By titles, what is said of methods in the place of their own summary.
    beside : str or None
        The title of the method that is shown beside the first.
    start : Problem or None
        What a page of power laws begins with.
    hidden : sequence of str
        Pictures of a point that do not hold: "losses", "roots".
    """

    title: str
    reference: str
    methods: Mapping[str, FamilyLike]
    problems: Mapping[str, AlikeModes]
    axes: tuple[str, str]
    ranges: Mapping[str, Sequence[Any]]
    values: Mapping[str, float]
    symbols: Mapping[str, str]
    rows: Mapping[str, Expr] = field(default_factory=dict)
    lines: Mapping[str, Expr] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    beside: str | None = None
    start: Problem | None = None
    hidden: Sequence[str] = ()


_η, _β, _B = map(Symbol, ("learning_rate", "momentum", "batch_size"))
_λ, _d, _p = map(Symbol, ("sharpness", "dimension", "probability"))
_rate, _edge = map(Symbol, ("effective_learning_rate", "critical_eigenvalue"))
_LETTERS = {"learning_rate": r"\eta", "momentum": r"\beta", "kept": r"\rho"}
_BATCH = (1, 1e6, "log")


def _dimension(value: float) -> Quantity:
    return Quantity("dimension d", 1, 1e4, value, whole=True, least=1)


_FEATURES = {
    "features": AlikeModes(
        "Least squares on Gaussian features: the Hessian is a multiple of the identity.",
        "sgdmem.systems.isotropic_features({sharpness}, {dimension})",
        {"sharpness": Quantity("sharpness λ", 0.01, 100, 1), "dimension": _dimension(200)},
        _λ,
        _d,
        *(GAUSSIAN.tau1, GAUSSIAN.tau2),
    )
}
_SPARSE = (
    "Least squares on inputs that are mostly zero: a coordinate is active, Gaussian of variance 1"
)
_ACTIVE = {
    "probability": Quantity("activity p", 1e-4, 1, 0.01, most=1),
    "dimension": _dimension(100),
}
_INPUTS = {
    "active together": AlikeModes(
        f"{_SPARSE}, with the probability p, all of them together.",
        "sgdmem.systems.SparseInputs({probability}, {dimension}).problem",
        _ACTIVE,
        _p,
        _d,
        *sparse_noise(_p),
    ),
    "each active by itself": AlikeModes(
        f"{_SPARSE}, with the probability p, each by itself.",
        'sgdmem.systems.SparseInputs({probability}, {dimension}, activity="independent").problem',
        _ACTIVE,
        _p,
        _d,
        *sparse_noise(_p, "independent"),
    ),
    "tokens": AlikeModes(
        "Least squares on tokens, one at a time, the k-th with a probability in proportion to k⁻ᵃ; "
        "each has d coordinates, ±1 when it comes, and with d = 1 it is one-hot.",
        "sgdmem.systems.zipf_tokens({tokens}, {decay}, dimension={width}).problem",
        {
            "tokens": Quantity("tokens K", 1, 100, 20, whole=True, least=1, most=100),
            "decay": Quantity("Zipf exponent a", 0.1, 3, 1, log=False),
            "width": Quantity("coordinates of each d", 1, 1e4, 1, whole=True, least=1),
        },
        _p,
        Symbol("width"),
        *sparse_noise(_p, "exclusive", signs=True),
        (Symbol("tokens"), Symbol("k") ** -Symbol("decay")),
    ),
}
_active = active_share(_p, _B, cfunctions)
_retention, _learning = active_times(_active, _η * _p, 1 - _β)


LIVE_SYSTEMS = {
    "stochastic-edge": LiveSystem(
        "The edge of stochastic stability",
        "arXiv 2604.14108",
        {"SGD with momentum": "heavy-ball", "Nesterov's method": "nesterov", "SGD": "sgd"},
        _FEATURES,
        ("batch_size", "sharpness"),
        {"batch_size": _BATCH, "learning_rate": (1e-3, 10, "log"), "momentum": (0, 0.999)},
        {"learning_rate": 0.1, "momentum": 0.9, "batch_size": 1000},
        _LETTERS,
        {
            "Batch Sharpness rests at, small batches": 2 / _rate,
            "the same, full batches": _edge,
        },
    ),
    "marginal-momentum": LiveSystem(
        "The marginal value of momentum",
        "arXiv 2307.15196",
        {"SGDM": "sgdm", "SGD": "sgd"},
        _FEATURES,
        ("batch_size", "learning_rate"),
        {"batch_size": _BATCH, "learning_rate": (1e-3, 100, "log"), "momentum": (0, 0.999)},
        {"learning_rate": 0.1, "momentum": 0.9, "batch_size": 100},
        _LETTERS,
        {"noise at small rates, s(λ) → λη/2": _λ * _rate / 2},
        beside="SGD",
    ),
    "sparse-momentum": LiveSystem(
        "Momentum under sparse updates",
        "arXiv 2605.28961",
        {"SGDM": "sgdm", "SGD": "sgd", "Nesterov's method": "nesterov"},
        _INPUTS,
        ("batch_size", "learning_rate"),
        {"batch_size": _BATCH, "learning_rate": (1e-3, 1e5, "log"), "momentum": (0, 0.9999)},
        {"learning_rate": 0.1, "momentum": 0.99, "batch_size": 16},
        _LETTERS,
        {
            "active updates, their share P": _active,
            "retention, in active updates": _retention,
            "learning, in active updates": _learning,
        },
        lines={"learning takes as long as retention": _retention / _learning},
    ),
    "mem-sgd": LiveSystem(
        "Sparsified SGD with memory",
        "arXiv 1809.07599",
        {"rand-k with memory": as_stable_as_rand_k, "SGD": "sgd"},
        _FEATURES,
        ("batch_size", "learning_rate"),
        {
            "batch_size": _BATCH,
            "learning_rate": (1e-3, 10, "log"),
            "kept": (0.005, 1, "log"),
        },
        {"learning_rate": 0.05, "kept": 0.1, "batch_size": 100},
        _LETTERS,
        notes={
            "rand-k with memory": "p ← m + η g; of p, k = ρd coordinates at random are taken off w "
            "and the others stay in m. What is shown is exact; losses and roots are not here."
        },
        beside="SGD",
        hidden=("losses", "roots"),
    ),
    "dana": LiveSystem(
        "Dimension-adapted momentum",
        "arXiv 2505.16098",
        {"DANA, frozen at a step": "two-rate", "SGD": "sgd"},
        {},
        ("velocity_rate", "gradient_rate"),
        {"velocity_rate": (1e-6, 1, "log"), "gradient_rate": (1e-3, 4, "log")},
        {"velocity_rate": 0.001, "gradient_rate": 0.1, "momentum": 0.999, "batch_size": 10},
        {"velocity_rate": r"\gamma_3", "gradient_rate": r"\gamma_2", "learning_rate": r"\gamma_2"},
        notes={
            "DANA, frozen at a step": "y ← (1 − Δ) y + g; θ ← θ − γ₂ g − γ₃ y, momentum β = 1 − Δ, "
            "with γ₃ and Δ as they are at one step: what it would do for ever. ν is 2α, and "
            "ζ is 1 + (2β − 1)/2α, with the β of the labels."
        },
        start=population(1, "0.7"),
    ),
}


def live_system(name: str) -> LiveSystem:
    """Return what is known of a paper's page.

    Raises
    ------
    InputError
        For a name that is not there.
    """
    if name not in LIVE_SYSTEMS:
        raise InputError(f"system must be among {', '.join(LIVE_SYSTEMS)}, got {shown(name)}")
    return LIVE_SYSTEMS[name]
