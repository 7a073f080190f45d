"""All statements that are checked by machine, in the order in which they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, cast

from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.theorems.check import CheckResult, StatementModule

SYSTEMS = {  # the papers, and the modules of their statements, by their folders
    "sgd-with-memory": {
        **{f"Theorem {k}": f"theorem_{k}" for k in range(1, 9)},
        **{f"Proposition {k}": f"proposition_{k}" for k in range(1, 5)},
        **{f"Lemma {k}": f"lemma_{k}" for k in range(1, 4)},
        **{f"Equation ({k})": f"equation_{k}" for k in (22, 25, 26, 27)},
    },
    "larger-memory": {
        "Scalar inequality": "stationary.scalar_inequality",
        "Memory time and learning rates": "stationary.memory_time",
        "Symbol of stable methods": "stationary.symbol",
        "Signal of stationary methods": "stationary.signal",
        "Polygon of the symbol": "stationary.polygon",
        "Counting problem": "stationary.counting",
        "Coefficients by Spijker's lemma": "stationary.spijker",
        "Construction of fast methods": "construction.rates",
        "Sum rule": "construction.sum_rule",
        "Noise of an eigenvalue": "construction.one_eigenvalue",
        "Bounded noise": "construction.bounded_noise",
        "Growth of learning rates": "stationary.growth",
        "Universal bound": "universal_bound.inequalities",
        "Rank bound": "universal_bound.rank_bound",
        "Energy identities": "schedules.energy_identities",
        "Energy inequalities": "schedules.energy_inequalities",
        "Block facts": "schedules.block_facts",
        "Quadratic variation": "schedules.quadratic_variation",
        "Row sums of schedules": "schedules.row_sums",
        "Exponents of restarts": "schedules.restarts",
        "Exponents of anchored AM1": "limits.anchored_am1",
        "Potential of small discs": "limits.potential",
        "Bounds on rows": "limits.row_bounds",
        "Leaky methods": "limits.leaks",
        "Decay towards the start": "limits.decay_to_start",
        "Extrapolated outputs": "limits.extrapolated_outputs",
        "Clustered spectra": "limits.clusters",
        "Energy of changing memory": "changing_memory.energy",
        "Rounds of changing memory": "changing_memory.rounds",
        "Fejer steps of rounds": "changing_memory.fejer",
        "Windows of changing memory": "changing_memory.windows",
    },
    "own": {
        "Exact verdict": "exact_verdict",
        "Per-mode noise": "per_mode_noise",
        "Batches of samples": "samples",
        "Label noise": "label_noise",
        "Weight decay": "weight_decay",
        "M + 1 poles": "poles_of_the_summand",
        "Routh recursion": "routh_recursion",
    },
    "stochastic-edge": {
        "Edge in one direction": "one_direction",
        "Isotropic edge": "isotropic_edge",
        "Batch Sharpness at the edge": "batch_sharpness",
        "Plateaus of Batch Sharpness": "plateaus",
        "Noise sum of the heavy ball": "heavy_ball_noise_sum",
    },
    "marginal-momentum": {
        "Averaged rates": "averaged_rates",
        "Variances without curvature": "variance_of_a_step",
        "Noise at small rates": "small_rates",
        "Order of approximation": "weak_order",
        "SVAG": "svag",
    },
    "sparse-momentum": {
        "Threshold of sparse inputs": "threshold",
        "Clock of active updates": "clock",
        "Limits of sparse momentum": "limits",
        "Spectral conflict": "spectral_conflict",
        "Momentum that suits a token": "best_momentum",
        "Gradients of a rare class": "rare_class",
    },
    "mem-sgd": {
        "Threshold of rand-k": "rand_k_threshold",
        "Moments of rand-k": "rand_k_moments",
        "Rand-k at small rates": "rand_k_at_small_rates",
        "Memory stays small": "memory_stays_small",
        "Rate of MEM-SGD": "rate",
    },
    "kaczmarz": {
        "Worst start of Kaczmarz": "worst_start",
        "Eigenvalue equation of Kaczmarz": "eigenvalue_equation",
        "Last iterate of Kaczmarz": "last_iterate",
        "Rate of Kaczmarz": "rate",
        "Largest momentum of Kaczmarz": "largest_momentum",
    },
    "adaptive-methods": {
        "Least norm without test error": "least_norm",
        "Ray of adaptive methods": "ray",
        "Ends of adaptive methods": "ends",
        "When signs solve the problem": "when_signs_solve",
        "Ends where most labels are -1": "minority",
        "Errors of adaptive methods": "errors_of_adaptive_methods",
        "Expected test errors": "expected_errors",
    },
    "deep-linear": {
        "Modes of deep linear networks": "modes",
        "Noise of modes": "gradient_noise",
        "Peak of diffusion": "diffusion_peak",
        "Times of gradient flow": "flow_times",
        "Passage times under SGD": "passage_times",
        "Ends without label noise": "no_label_noise",
        "Stationary law with label noise": "label_noise",
        "Boltzmann law of the loss": "boltzmann",
        "Collapse of features": "collapse",
        "Survival of deep features": "deep_survival",
        "SDE against SGD": "sgd_against_sde",
        "Noise peaks before learning": "peak_of_noise",
    },
    "dana": {
        "Moments of DANA": "moments",
        "Clock of DANA": "random_clock",
        "Simplified DANA": "simplified_equation",
        "Kernel norm of SGD": "kernel_norm",
        "Pieces of SGD": "pieces_of_sgd",
        "Leakage of random features": "leakage",
        "Width of random features": "width",
        "Four loss curves": "shapes",
        "Constant momentum": "constant_momentum",
        "Time change of DANA": "time_change",
        "Slowest decay of DANA": "slowest_decay",
        "Acceleration by DANA": "acceleration",
        "DANA is AM1": "dana_is_am1",
        "Losses of DANA and AM1": "losses_of_am1",
        "A wrong kappa_3": "wrong_kappa",
        "Deterministic equivalent": "deterministic_equivalent",
        "Compute-optimal exponents": "compute_optimal",
        "Kernel of SGD": "sgd_kernel",
    },
    "associative-memory": {
        "Gradient at zero": "gradient_at_zero",
        "Reduced scores of SGD": "reduced_scores",
        "Capacity of SGD": "sgd_capacity",
        "Capacity of Muon": "muon_capacity",
        "Small batches of Muon": "small_batches",
        "Batches of SGD": "batches_of_sgd",
        "Critical batches": "critical_batches",
        "Scores of Muon": "scores_of_muon",
        "Constant of Muon": "constant_of_muon",
        "Signal amplification of Muon": "signal_amplification",
        "Later steps of Muon and SGD": "later_steps",
        "Information-theoretic limit": "information_limit",
        "Orthogonal embeddings": "orthogonal_embeddings",
        "Newton's method and Muon": "newton",
    },
}
STATEMENTS = {  # the modules in which they are
    name: f"{system.replace('-', '_')}.{module}"
    for system, statements in SYSTEMS.items()
    for name, module in statements.items()
}


def statement_module(name: str) -> StatementModule:
    """Return the module of a statement."""
    module = import_module(f"sgdmem.numeric.theorems.{STATEMENTS[name]}")
    return cast("StatementModule", module)


def verify(
    names: Iterable[str] | str | None = None, *, system: str | None = None
) -> list[CheckResult]:
    """Check statements of papers, above all of arXiv 2410.04228, and the library's own, by machine.

    Parameters
    ----------
    names : iterable of str, optional
        Such as "Theorem 4", "Equation (25)" or "Exact verdict"; all of them by default. Case and
        brackets do not matter.
    system : str, optional
        All statements of one paper, in place of names: a key of `SYSTEMS`, such as
        "sgd-with-memory", or "own", those of the library.

    Returns
    -------
    list of CheckResult
        In the order of the names.

    Raises
    ------
    InputError
        For an unknown name, and for both names and a system.

    Examples
    --------
    >>> (result,) = verify("Theorem 4")
    >>> result.passed, len(result.cases) >= 5
    (True, True)
    """
    from sgdmem.numeric.theorems.check import CheckResult

    if isinstance(names, str):
        names = [names]
    if names is not None and not is_list(names):
        raise InputError(f"names must be names of statements, got {shown(names)}")
    results = []
    for name in find_statements(names, system):
        module = statement_module(name)
        results.append(CheckResult(module.STATEMENT, tuple(module.check())))
    return results


def find_statements(names: Iterable[str] | None, system: str | None = None) -> list[str]:
    """Return the statements that are named, those of a system, or all."""
    if system is None:
        return list(STATEMENTS) if names is None else [find_statement(name) for name in names]
    if names is not None:
        raise InputError("give names or a system, not both")
    if system not in SYSTEMS:
        raise InputError(f"system must be among {', '.join(SYSTEMS)}, got {shown(system)}")
    return list(SYSTEMS[system])


def find_statement(name: str) -> str:
    """Return the name of a statement as `STATEMENTS` has it."""
    found = {_plain(known): known for known in STATEMENTS}.get(_plain(str(name)))
    if found is None:
        near = get_close_matches(str(name), STATEMENTS, cutoff=0.3) or ["Theorem 1"]
        raise InputError(
            f"unknown statement {shown(name)}; there is, for example, {', '.join(near)}, "
            "and `sgdmem verify --list` has all"
        )
    return found


def _plain(name: str) -> str:
    plain = "".join(character for character in name.lower() if character.isalnum())
    return re.sub(r"^eq(?=\d)", "equation", plain)


def perturbed_results(name: str) -> list[tuple[str, CheckResult]]:
    """Return what becomes of the false claims of a statement: none should pass."""
    from sgdmem.numeric.theorems.check import CheckResult

    module = statement_module(find_statement(name))
    return [
        (text, CheckResult(module.STATEMENT, tuple(module.check(claim))))
        for text, claim in module.PERTURBED.items()
    ]


def statement_summary(name: str) -> str:
    """Return what a statement says in a line, as plain text.

    Examples
    --------
    >>> statement_summary("Proposition 3")
    'for tau_1 >= 0 and tau_2 <= 0 no propagator is ever negative.'
    """
    first = (statement_module(name).__doc__ or "").strip().split("\n")[0]
    return _without_markup(first.split(": ", 1)[-1])


def _without_markup(text: str) -> str:
    """Return reStructuredText without its roles, and the simplest TeX in plain letters."""
    plain = re.sub(r":\w+:`([^`]*)`", r"\1", text).replace("`", "")
    for command, sign in {"\\ge": ">=", "\\le": "<=", "\\ne": "!=", "\\infty": "inf"}.items():
        plain = re.sub(re.escape(command) + r"(?![a-z])", sign, plain)
    return plain.replace("\\", "")
