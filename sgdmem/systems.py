"""What single papers have: their problems, thresholds, named diagrams and counterexamples."""

from sgdmem.numeric.losses.sgd_risks import ListedSgdRisks
from sgdmem.numeric.systems.adaptive_errors import (
    AdaptiveErrors,
    adaptive_errors,
    small_rate_solution,
)
from sgdmem.numeric.systems.adaptive_methods import AdaptiveProblem, adaptive_problem
from sgdmem.numeric.systems.adaptive_steps import adaptive_run
from sgdmem.numeric.systems.associative_memory.contest import Recovery
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.newton import newton_step
from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon
from sgdmem.numeric.systems.associative_memory.reduced_sgd import reduced_sgd
from sgdmem.numeric.systems.associative_memory.spectral_step import spectral_step
from sgdmem.numeric.systems.associative_memory.thresholded import (
    thresholded_exponents,
    thresholded_steps,
)
from sgdmem.numeric.systems.compute_optimal import compute_phase, sgd_frontier
from sgdmem.numeric.systems.dana import dana_constant, dana_decaying, dana_methods
from sgdmem.numeric.systems.dana_exponent import MeasuredAlpha, measured_alpha
from sgdmem.numeric.systems.dana_ode import moment_speeds, ode_losses
from sgdmem.numeric.systems.deep_linear.evolution import ModeLaw, mode_law
from sgdmem.numeric.systems.deep_linear.flow import (
    Staircase,
    mode_flow,
    mode_flow_time,
    mode_staircase,
)
from sgdmem.numeric.systems.deep_linear.laws import (
    StationaryLaw,
    mode_stationary_law,
    mode_survival,
)
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.systems.deep_linear.network import DeepLinearNetwork
from sgdmem.numeric.systems.deep_linear.passages import PassageTime, mode_passage
from sgdmem.numeric.systems.deep_linear.paths import ModePaths, mode_paths
from sgdmem.numeric.systems.deep_linear.runs import DeepLinearRun, deep_linear_run
from sgdmem.numeric.systems.deep_linear.small_rates import SmallRates, small_rates
from sgdmem.numeric.systems.deterministic_features import deterministic_features
from sgdmem.numeric.systems.kaczmarz import greedy_quadratics, kaczmarz
from sgdmem.numeric.systems.kaczmarz_guarantee import guaranteed_exponent, guaranteed_losses
from sgdmem.numeric.systems.kaczmarz_rate import last_iterate_constant
from sgdmem.numeric.systems.kaczmarz_search import search_slow_system
from sgdmem.numeric.systems.kaczmarz_start import WorstCase, worst_losses
from sgdmem.numeric.systems.kaczmarz_worst import SlowSystem, layered_limit, layered_system
from sgdmem.numeric.systems.marginal_momentum import (
    averaged_rates,
    endpoint_variances,
    sgdm_and_sgd,
    svag,
)
from sgdmem.numeric.systems.mean_features import mean_features
from sgdmem.numeric.systems.mem_sgd import (
    as_stable_as_rand_k,
    rand_k_run,
    sparsified_sgd,
    strongly_convex_bound,
)
from sgdmem.numeric.systems.random_features import RandomFeatures, random_features
from sgdmem.numeric.systems.rare_class import RareClass
from sgdmem.numeric.systems.sparse_momentum import ActiveClock, SparseInputs, active_clock
from sgdmem.numeric.systems.spectral_conflict import (
    SpectralConflict,
    spectral_conflict,
    zipf_tokens,
)
from sgdmem.numeric.systems.stochastic_edge import (
    StochasticEdge,
    isotropic_features,
    one_direction,
    stochastic_edge,
)
from sgdmem.phase_diagrams.systems.named_diagrams import diagram_data, named_diagram
from sgdmem.symbolic.systems.alike_modes import alike_threshold
from sgdmem.symbolic.systems.changing_steps import counterexamples
from sgdmem.symbolic.systems.memory_one import regions

__all__ = [
    "ActiveClock",
    "AdaptiveErrors",
    "AdaptiveProblem",
    "AssociativeMemory",
    "DeepLinearMode",
    "DeepLinearNetwork",
    "DeepLinearRun",
    "ListedSgdRisks",
    "MeasuredAlpha",
    "ModeLaw",
    "ModePaths",
    "PassageTime",
    "RandomFeatures",
    "RareClass",
    "Recovery",
    "ReducedMuon",
    "SlowSystem",
    "SmallRates",
    "SparseInputs",
    "SpectralConflict",
    "Staircase",
    "StationaryLaw",
    "StochasticEdge",
    "WorstCase",
    "active_clock",
    "adaptive_errors",
    "adaptive_problem",
    "adaptive_run",
    "alike_threshold",
    "as_stable_as_rand_k",
    "averaged_rates",
    "compute_phase",
    "counterexamples",
    "dana_constant",
    "dana_decaying",
    "dana_methods",
    "deep_linear_run",
    "deterministic_features",
    "diagram_data",
    "endpoint_variances",
    "greedy_quadratics",
    "guaranteed_exponent",
    "guaranteed_losses",
    "isotropic_features",
    "kaczmarz",
    "last_iterate_constant",
    "layered_limit",
    "layered_system",
    "mean_features",
    "measured_alpha",
    "mode_flow",
    "mode_flow_time",
    "mode_law",
    "mode_passage",
    "mode_paths",
    "mode_staircase",
    "mode_stationary_law",
    "mode_survival",
    "moment_speeds",
    "named_diagram",
    "newton_step",
    "ode_losses",
    "one_direction",
    "rand_k_run",
    "random_features",
    "reduced_sgd",
    "regions",
    "search_slow_system",
    "sgd_frontier",
    "sgdm_and_sgd",
    "small_rate_solution",
    "small_rates",
    "sparsified_sgd",
    "spectral_conflict",
    "spectral_step",
    "stochastic_edge",
    "strongly_convex_bound",
    "svag",
    "thresholded_exponents",
    "thresholded_steps",
    "worst_losses",
    "zipf_tokens",
]
