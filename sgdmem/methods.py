"""Every method that has a name, those made to be fast on a problem, and what methods become."""

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.acceleration.anchored import anchored
from sgdmem.numeric.acceleration.best_stationary import best_stationary
from sgdmem.numeric.acceleration.chebyshev import chebyshev
from sgdmem.numeric.acceleration.compare_methods import compare_methods
from sgdmem.numeric.acceleration.corner import advised_theta, corner
from sgdmem.numeric.acceleration.fastest import Fastest, fastest
from sgdmem.numeric.acceleration.jacobi_heavy_ball import jacobi_heavy_ball
from sgdmem.numeric.acceleration.unit_rate import am1, am2, dana
from sgdmem.numeric.exported_code.evaluator import evaluator
from sgdmem.numeric.exported_code.source_code import source_code
from sgdmem.numeric.losses.long_run import loss_curve
from sgdmem.numeric.losses.loss_bound import loss_bound
from sgdmem.numeric.losses.loss_curve import LossCurve
from sgdmem.numeric.losses.loss_series import loss_regime
from sgdmem.numeric.losses.momentary_stability import adiabatic_signal, momentary_stability
from sgdmem.numeric.losses.propagators import propagators
from sgdmem.numeric.periodic.largest_value import largest_periodic_value
from sgdmem.numeric.periodic.periodic_radius import periodic_radius
from sgdmem.numeric.periodic.periodic_stability import periodic_stability
from sgdmem.numeric.periodic.periodic_verdict import PeriodicVerdict
from sgdmem.numeric.periodic.repeated_methods import cyclic, lookahead, repeated
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.simulation.lyapunov_exponent import LyapunovExponent, lyapunov_exponent
from sgdmem.numeric.simulation.shuffled_growth import ShuffledGrowth, shuffled_growth
from sgdmem.numeric.simulation.trajectory import trajectory
from sgdmem.numeric.verdicts.convergence_rate import ConvergenceRate, convergence_rate
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.zoo.averaging import averaged_sgd, averaging
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.general_algorithm import general
from sgdmem.symbolic.zoo.named_algorithms import (
    aggmo,
    heavy_ball,
    memory_one,
    nesterov,
    qhm,
    sgd,
    sgdm,
    torch_sgd,
    two_rate,
)
from sgdmem.symbolic.zoo.past_gradients import (
    aggregated_gradient,
    delayed_sgd,
    optimistic,
    past_extragradient,
    storm,
)
from sgdmem.symbolic.zoo.several_momenta import ademamix, dana_step, pid
from sgdmem.symbolic.zoo.several_sequences import (
    asgd,
    mass,
    schedule_free,
    snag,
    triple_momentum,
)

__all__ = [
    "ConvergenceRate",
    "Fastest",
    "LossCurve",
    "LyapunovExponent",
    "PeriodicVerdict",
    "ShuffledGrowth",
    "accelerated",
    "ademamix",
    "adiabatic_signal",
    "advised_theta",
    "aggmo",
    "aggregated_gradient",
    "am1",
    "am2",
    "anchored",
    "asgd",
    "averaged_sgd",
    "averaging",
    "best_stationary",
    "chebyshev",
    "compare_methods",
    "convergence_rate",
    "convert",
    "corner",
    "cyclic",
    "dana",
    "dana_step",
    "delayed_sgd",
    "equivalent",
    "evaluator",
    "fastest",
    "general",
    "heavy_ball",
    "jacobi_heavy_ball",
    "largest_periodic_value",
    "lookahead",
    "loss_bound",
    "loss_curve",
    "loss_regime",
    "lyapunov_exponent",
    "mass",
    "memory_one",
    "momentary_stability",
    "nesterov",
    "optimistic",
    "past_extragradient",
    "periodic_radius",
    "periodic_stability",
    "pid",
    "propagators",
    "qhm",
    "repeated",
    "schedule",
    "schedule_free",
    "sgd",
    "sgdm",
    "shuffled_growth",
    "snag",
    "source_code",
    "storm",
    "torch_sgd",
    "trajectory",
    "triple_momentum",
    "two_rate",
]
