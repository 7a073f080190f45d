"""Proofs that `sgdmem.certify` makes, and their checker; proofs of whole regions."""

from sgdmem.numeric.certificates.proof import Proof
from sgdmem.numeric.certificates.proved_region import ProvedRegion
from sgdmem.numeric.certificates.regions import prove_region
from sgdmem.numeric.certificates.robust import robust_stability
from sgdmem.numeric.certificates.robust_verdict import RobustVerdict
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
