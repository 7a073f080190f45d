# nouns
from .symbolic.algorithms.algorithm import Algorithm as Algorithm
from .symbolic.algorithms.family import Family as Family
from .symbolic.tracing.method import method as method
from .numeric.schedules.schedule import Schedule as Schedule
from .numeric.spectra.spectrum import Spectrum as Spectrum
from .numeric.problems.noise import Noise as Noise
from .numeric.problems.problem import Problem as Problem
from .numeric.verdicts.verdict import Verdict as Verdict
from .numeric.judges.reason import Reason as Reason

# verbs: (algorithm or family, problem, batch_size, steps)
from .numeric.verdicts.stability import stability as stability, is_stable as is_stable
from .numeric.certificates.certify import certify as certify
from .numeric.verdicts.learning_rate import largest_learning_rate as largest_learning_rate
from .numeric.losses.loss_recursion import losses as losses
from .numeric.losses.asymptotics import loss_asymptotics as loss_asymptotics
from .numeric.simulation.monte_carlo import simulate as simulate
from .phase_diagrams.maps.diagram import phase_diagram as phase_diagram
from .phase_diagrams.maps.boundary import stability_boundary as stability_boundary
from .phase_diagrams.systems.drawing import draw as draw
from .phase_diagrams.explorer.explorer import explore as explore
from .symbolic.derivations.derive import derive as derive
from .numeric.theorems.registry import verify as verify
from .numeric.problems.power_law_fit import fit_power_law as fit_power_law

# methods; the others are in sgdmem.methods
from .symbolic.zoo.named_algorithms import (
    sgd as sgd,
    heavy_ball as heavy_ball,
    nesterov as nesterov,
    torch_sgd as torch_sgd,
    qhm as qhm,
    aggmo as aggmo,
)

# what can go wrong; the rest is in sgdmem.errors
from .symbolic.errors import InputError as InputError, SgdmemError as SgdmemError

# more rooms
from . import (
    errors as errors,
    methods as methods,
    pictures as pictures,
    proofs as proofs,
    systems as systems,
    training as training,
)

__version__: str
