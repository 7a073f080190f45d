"""What single papers have: their problems, thresholds, named diagrams and counterexamples."""

from sgdmem.numeric.systems.marginal_momentum import (
    averaged_rates,
    endpoint_variances,
    sgdm_and_sgd,
    svag,
)
from sgdmem.numeric.systems.stochastic_edge import (
    StochasticEdge,
    isotropic_features,
    one_direction,
    stochastic_edge,
)
from sgdmem.phase_diagrams.systems.named_diagrams import named_diagram
from sgdmem.symbolic.systems.changing_steps import counterexamples
from sgdmem.symbolic.systems.memory_one import regions

__all__ = [
    "StochasticEdge",
    "averaged_rates",
    "counterexamples",
    "endpoint_variances",
    "isotropic_features",
    "named_diagram",
    "one_direction",
    "regions",
    "sgdm_and_sgd",
    "stochastic_edge",
    "svag",
]
