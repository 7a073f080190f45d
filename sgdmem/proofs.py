"""Proofs that `sgdmem.certify` makes, and their checker; proofs of whole regions."""

from sgdmem.numeric.certificates.proof import Proof
from sgdmem.numeric.regions.prove_region import prove_region
from sgdmem.numeric.regions.proved_region import ProvedRegion
from sgdmem.numeric.regions.robust import robust_stability
from sgdmem.numeric.regions.robust_verdict import RobustVerdict
from sgdmem.symbolic.certificates.check import CheckedProof, check_proof

__all__ = [
    "CheckedProof",
    "Proof",
    "ProvedRegion",
    "RobustVerdict",
    "check_proof",
    "prove_region",
    "robust_stability",
]
