"""What single papers have: their named diagrams, exact ranges and counterexamples."""

from sgdmem.phase_diagrams.systems.named_diagrams import named_diagram
from sgdmem.symbolic.systems.changing_steps import counterexamples
from sgdmem.symbolic.systems.memory_one import regions

__all__ = ["counterexamples", "named_diagram", "regions"]
