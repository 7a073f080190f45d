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
    from sgdmem.numeric.accelerated import accelerated as accelerated
    from sgdmem.numeric.best_stationary import best_stationary as best_stationary
    from sgdmem.numeric.binding import Binding as Binding
    from sgdmem.numeric.comparison import Compared as Compared
    from sgdmem.numeric.comparison import compare_methods as compare_methods
    from sgdmem.numeric.compressed import CompressedSpectrum as CompressedSpectrum
    from sgdmem.numeric.corner import advised_theta as advised_theta
    from sgdmem.numeric.corner import corner as corner
    from sgdmem.numeric.dynamics import Propagators as Propagators
    from sgdmem.numeric.dynamics import losses as losses
    from sgdmem.numeric.dynamics import propagators as propagators
    from sgdmem.numeric.evaluator import Evaluator as Evaluator
    from sgdmem.numeric.evaluator import evaluator as evaluator
    from sgdmem.numeric.feature_noise import noise_from_features as noise_from_features
    from sgdmem.numeric.feature_target import target_from_features as target_from_features
    from sgdmem.numeric.jacobi import jacobi_heavy_ball as jacobi_heavy_ball
    from sgdmem.numeric.learning_rate import largest_learning_rate as largest_learning_rate
    from sgdmem.numeric.loss_asymptotics import LossAsymptotics as LossAsymptotics
    from sgdmem.numeric.loss_asymptotics import loss_asymptotics as loss_asymptotics
    from sgdmem.numeric.loss_asymptotics import loss_regime as loss_regime
    from sgdmem.numeric.momentary import MomentaryStability as MomentaryStability
    from sgdmem.numeric.momentary import adiabatic_signal as adiabatic_signal
    from sgdmem.numeric.momentary import momentary_stability as momentary_stability
    from sgdmem.numeric.power_law_fit import fit_power_law as fit_power_law
    from sgdmem.numeric.schedule import Schedule as Schedule
    from sgdmem.numeric.schedule import schedule as schedule
    from sgdmem.numeric.simulation import Simulation as Simulation
    from sgdmem.numeric.simulation import simulate as simulate
    from sgdmem.numeric.source_code import source_code as source_code
    from sgdmem.numeric.spectrum import Spectrum as Spectrum
    from sgdmem.numeric.stability import is_stable as is_stable
    from sgdmem.numeric.stability import stability as stability
    from sgdmem.numeric.target import PowerLawTarget as PowerLawTarget
    from sgdmem.numeric.target import power_law_target as power_law_target
    from sgdmem.numeric.theorems.registry import verify as verify
    from sgdmem.numeric.trajectory import trajectory as trajectory
    from sgdmem.numeric.verdict import Reason as Reason
    from sgdmem.numeric.verdict import Verdict as Verdict
    from sgdmem.phase_diagrams.artists import artists as artists
    from sgdmem.phase_diagrams.boundary import stability_boundary as stability_boundary
    from sgdmem.phase_diagrams.boundary_picture import draw_boundary as draw_boundary
    from sgdmem.phase_diagrams.diagram import phase_diagram as phase_diagram
    from sgdmem.phase_diagrams.explorer import Explorer as Explorer
    from sgdmem.phase_diagrams.explorer import explore as explore
    from sgdmem.phase_diagrams.loss_picture import draw_losses as draw_losses
    from sgdmem.phase_diagrams.named_diagrams import named_diagram as named_diagram
    from sgdmem.phase_diagrams.noise_picture import draw_noise_summand as draw_noise_summand
    from sgdmem.phase_diagrams.picture import draw as draw
    from sgdmem.phase_diagrams.picture import draw_series as draw_series
    from sgdmem.phase_diagrams.root_locus_picture import draw_root_locus as draw_root_locus
    from sgdmem.symbolic.algorithm import Algorithm as Algorithm
    from sgdmem.symbolic.conversions import convert as convert
    from sgdmem.symbolic.derivations.derivation import Derivation as Derivation
    from sgdmem.symbolic.derivations.derivation import derive as derive
    from sgdmem.symbolic.derivations.documents.pdf import TypesettingError as TypesettingError
    from sgdmem.symbolic.derivations.statements import DerivationError as DerivationError
    from sgdmem.symbolic.equivalence import equivalent as equivalent
    from sgdmem.symbolic.errors import InputError as InputError
    from sgdmem.symbolic.errors import SgdmemError as SgdmemError
    from sgdmem.symbolic.errors import UndecidedError as UndecidedError
    from sgdmem.symbolic.errors import UndefinedError as UndefinedError
    from sgdmem.symbolic.named import aggmo as aggmo
    from sgdmem.symbolic.named import averaged_sgd as averaged_sgd
    from sgdmem.symbolic.named import averaging as averaging
    from sgdmem.symbolic.named import general as general
    from sgdmem.symbolic.named import heavy_ball as heavy_ball
    from sgdmem.symbolic.named import memory_one as memory_one
    from sgdmem.symbolic.named import nesterov as nesterov
    from sgdmem.symbolic.named import qhm as qhm
    from sgdmem.symbolic.named import sgd as sgd
    from sgdmem.symbolic.named import sgdm as sgdm
    from sgdmem.symbolic.named import torch_sgd as torch_sgd
    from sgdmem.symbolic.named import two_rate as two_rate

_PUBLIC = {
    # describe
    "symbolic.algorithm": "Algorithm",
    "symbolic.named": "sgd heavy_ball nesterov qhm torch_sgd sgdm two_rate memory_one aggmo "
    "averaging averaged_sgd general",
    "symbolic.conversions": "convert",
    "symbolic.equivalence": "equivalent",
    # derive, and print as a document or as code
    "symbolic.derivations.derivation": "derive Derivation",
    "symbolic.derivations.statements": "DerivationError",
    "symbolic.derivations.documents.pdf": "TypesettingError",
    "numeric.source_code": "source_code",
    # evaluate over a spectrum
    "numeric.spectrum": "Spectrum",
    "numeric.compressed": "CompressedSpectrum",
    "numeric.evaluator": "evaluator Evaluator",
    "numeric.power_law_fit": "fit_power_law",
    "numeric.feature_noise": "noise_from_features",
    # follow the loss
    "numeric.target": "power_law_target PowerLawTarget",
    "numeric.feature_target": "target_from_features",
    "numeric.schedule": "schedule Schedule",
    "numeric.dynamics": "losses propagators Propagators",
    "numeric.loss_asymptotics": "loss_asymptotics LossAsymptotics loss_regime",
    "numeric.simulation": "simulate Simulation",
    "numeric.trajectory": "trajectory",
    # go faster
    "numeric.accelerated": "accelerated",
    "numeric.jacobi": "jacobi_heavy_ball",
    "numeric.corner": "corner advised_theta",
    "numeric.best_stationary": "best_stationary",
    "numeric.momentary": "momentary_stability MomentaryStability adiabatic_signal",
    "numeric.comparison": "compare_methods Compared",
    # judge
    "numeric.stability": "stability is_stable",
    "numeric.verdict": "Verdict Reason",
    "numeric.binding": "Binding",
    "numeric.learning_rate": "largest_learning_rate",
    # check the theory
    "numeric.theorems.registry": "verify",
    # draw
    "phase_diagrams.diagram": "phase_diagram",
    "phase_diagrams.boundary": "stability_boundary",
    "phase_diagrams.picture": "draw draw_series",
    "phase_diagrams.boundary_picture": "draw_boundary",
    "phase_diagrams.named_diagrams": "named_diagram",
    "phase_diagrams.root_locus_picture": "draw_root_locus",
    "phase_diagrams.noise_picture": "draw_noise_summand",
    "phase_diagrams.loss_picture": "draw_losses",
    "phase_diagrams.artists": "artists",
    "phase_diagrams.explorer": "explore Explorer",
    # what can go wrong
    "symbolic.errors": "SgdmemError InputError UndefinedError UndecidedError",
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
