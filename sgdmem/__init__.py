"""Exact answers about stochastic gradient methods with memory.

Describe an algorithm (`Algorithm`, `heavy_ball`, ...), name a `Spectrum`, and ask: `stability`,
`largest_learning_rate`, `phase_diagram`. Every public name is imported when it is first used, so
that ``import sgdmem`` and ``sgdmem --help`` stay light; ``sgdmem.__all__`` lists them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgdmem._version import __version__ as __version__

if TYPE_CHECKING:
    from sgdmem.numeric.acceleration.accelerated import accelerated as accelerated
    from sgdmem.numeric.acceleration.best_stationary import best_stationary as best_stationary
    from sgdmem.numeric.acceleration.compare_methods import Compared as Compared
    from sgdmem.numeric.acceleration.compare_methods import compare_methods as compare_methods
    from sgdmem.numeric.acceleration.corner import advised_theta as advised_theta
    from sgdmem.numeric.acceleration.corner import corner as corner
    from sgdmem.numeric.acceleration.jacobi_heavy_ball import jacobi_heavy_ball as jacobi_heavy_ball
    from sgdmem.numeric.code.evaluator import Evaluator as Evaluator
    from sgdmem.numeric.code.evaluator import evaluator as evaluator
    from sgdmem.numeric.code.languages import source_code as source_code
    from sgdmem.numeric.losses.asymptotics import LossAsymptotics as LossAsymptotics
    from sgdmem.numeric.losses.asymptotics import loss_asymptotics as loss_asymptotics
    from sgdmem.numeric.losses.asymptotics import loss_regime as loss_regime
    from sgdmem.numeric.losses.momentary_stability import MomentaryStability as MomentaryStability
    from sgdmem.numeric.losses.momentary_stability import adiabatic_signal as adiabatic_signal
    from sgdmem.numeric.losses.momentary_stability import momentary_stability as momentary_stability
    from sgdmem.numeric.losses.recursion import Propagators as Propagators
    from sgdmem.numeric.losses.recursion import losses as losses
    from sgdmem.numeric.losses.recursion import propagators as propagators
    from sgdmem.numeric.losses.schedule import Schedule as Schedule
    from sgdmem.numeric.losses.schedule import schedule as schedule
    from sgdmem.numeric.problems.noise import Noise as Noise
    from sgdmem.numeric.problems.power_law_fit import fit_power_law as fit_power_law
    from sgdmem.numeric.problems.problem import Problem as Problem
    from sgdmem.numeric.problems.target import PowerLawTarget as PowerLawTarget
    from sgdmem.numeric.problems.target import power_law_target as power_law_target
    from sgdmem.numeric.simulation.monte_carlo import Simulation as Simulation
    from sgdmem.numeric.simulation.monte_carlo import simulate as simulate
    from sgdmem.numeric.simulation.trajectory import trajectory as trajectory
    from sgdmem.numeric.spectra.compressed import CompressedSpectrum as CompressedSpectrum
    from sgdmem.numeric.spectra.spectrum import Spectrum as Spectrum
    from sgdmem.numeric.theorems.registry import verify as verify
    from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate as largest_learning_rate
    from sgdmem.numeric.verdicts.reason import Reason as Reason
    from sgdmem.numeric.verdicts.stability import is_stable as is_stable
    from sgdmem.numeric.verdicts.stability import stability as stability
    from sgdmem.numeric.verdicts.verdict import Verdict as Verdict
    from sgdmem.phase_diagrams.explorer.explorer import Explorer as Explorer
    from sgdmem.phase_diagrams.explorer.explorer import explore as explore
    from sgdmem.phase_diagrams.maps.boundary import stability_boundary as stability_boundary
    from sgdmem.phase_diagrams.maps.diagram import phase_diagram as phase_diagram
    from sgdmem.phase_diagrams.pictures.artists import artists as artists
    from sgdmem.phase_diagrams.pictures.boundary_picture import draw_boundary as draw_boundary
    from sgdmem.phase_diagrams.pictures.loss_picture import draw_losses as draw_losses
    from sgdmem.phase_diagrams.pictures.map_picture import draw as draw
    from sgdmem.phase_diagrams.pictures.map_picture import draw_series as draw_series
    from sgdmem.phase_diagrams.pictures.noise_picture import (
        draw_noise_summand as draw_noise_summand,
    )
    from sgdmem.phase_diagrams.pictures.root_locus_picture import draw_root_locus as draw_root_locus
    from sgdmem.phase_diagrams.systems.named_diagrams import named_diagram as named_diagram
    from sgdmem.symbolic.algorithms.algorithm import Algorithm as Algorithm
    from sgdmem.symbolic.algorithms.conversions import convert as convert
    from sgdmem.symbolic.algorithms.equivalence import equivalent as equivalent
    from sgdmem.symbolic.algorithms.named import aggmo as aggmo
    from sgdmem.symbolic.algorithms.named import averaged_sgd as averaged_sgd
    from sgdmem.symbolic.algorithms.named import averaging as averaging
    from sgdmem.symbolic.algorithms.named import general as general
    from sgdmem.symbolic.algorithms.named import heavy_ball as heavy_ball
    from sgdmem.symbolic.algorithms.named import memory_one as memory_one
    from sgdmem.symbolic.algorithms.named import nesterov as nesterov
    from sgdmem.symbolic.algorithms.named import qhm as qhm
    from sgdmem.symbolic.algorithms.named import sgd as sgd
    from sgdmem.symbolic.algorithms.named import sgdm as sgdm
    from sgdmem.symbolic.algorithms.named import torch_sgd as torch_sgd
    from sgdmem.symbolic.algorithms.named import two_rate as two_rate
    from sgdmem.symbolic.derivations.derivation import Derivation as Derivation
    from sgdmem.symbolic.derivations.derivation import derive as derive
    from sgdmem.symbolic.errors import DerivationError as DerivationError
    from sgdmem.symbolic.errors import InputError as InputError
    from sgdmem.symbolic.errors import SgdmemError as SgdmemError
    from sgdmem.symbolic.errors import TypesettingError as TypesettingError
    from sgdmem.symbolic.errors import UndecidedError as UndecidedError
    from sgdmem.symbolic.errors import UndefinedError as UndefinedError

_PUBLIC = {
    # describe
    "symbolic.algorithms.algorithm": "Algorithm",
    "symbolic.algorithms.named": "sgd heavy_ball nesterov qhm torch_sgd sgdm two_rate memory_one "
    "aggmo averaging averaged_sgd general",
    "symbolic.algorithms.conversions": "convert",
    "symbolic.algorithms.equivalence": "equivalent",
    # derive, and print as a document or as code
    "symbolic.derivations.derivation": "derive Derivation",
    "numeric.code.languages": "source_code",
    # evaluate over a spectrum
    "numeric.spectra.spectrum": "Spectrum",
    "numeric.spectra.compressed": "CompressedSpectrum",
    "numeric.code.evaluator": "evaluator Evaluator",
    "numeric.problems.power_law_fit": "fit_power_law",
    "numeric.problems.noise": "Noise",
    "numeric.problems.problem": "Problem",
    # follow the loss
    "numeric.problems.target": "power_law_target PowerLawTarget",
    "numeric.losses.schedule": "schedule Schedule",
    "numeric.losses.recursion": "losses propagators Propagators",
    "numeric.losses.asymptotics": "loss_asymptotics LossAsymptotics loss_regime",
    "numeric.simulation.monte_carlo": "simulate Simulation",
    "numeric.simulation.trajectory": "trajectory",
    # go faster
    "numeric.acceleration.accelerated": "accelerated",
    "numeric.acceleration.jacobi_heavy_ball": "jacobi_heavy_ball",
    "numeric.acceleration.corner": "corner advised_theta",
    "numeric.acceleration.best_stationary": "best_stationary",
    "numeric.losses.momentary_stability": "momentary_stability MomentaryStability adiabatic_signal",
    "numeric.acceleration.compare_methods": "compare_methods Compared",
    # judge
    "numeric.verdicts.stability": "stability is_stable",
    "numeric.verdicts.verdict": "Verdict",
    "numeric.verdicts.reason": "Reason",
    "numeric.verdicts.learning_rate": "largest_learning_rate",
    # check the theory
    "numeric.theorems.registry": "verify",
    # draw
    "phase_diagrams.maps.diagram": "phase_diagram",
    "phase_diagrams.maps.boundary": "stability_boundary",
    "phase_diagrams.pictures.map_picture": "draw draw_series",
    "phase_diagrams.pictures.boundary_picture": "draw_boundary",
    "phase_diagrams.systems.named_diagrams": "named_diagram",
    "phase_diagrams.pictures.root_locus_picture": "draw_root_locus",
    "phase_diagrams.pictures.noise_picture": "draw_noise_summand",
    "phase_diagrams.pictures.loss_picture": "draw_losses",
    "phase_diagrams.pictures.artists": "artists",
    "phase_diagrams.explorer.explorer": "explore Explorer",
    # what can go wrong
    "symbolic.errors": "SgdmemError InputError UndefinedError UndecidedError DerivationError "
    "TypesettingError",
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names.split()}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - the table is the list


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sgdmem' has no attribute {name!r}")
    value = getattr(import_module(f"sgdmem.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
