"""Proofs that `sgdmem.certify` makes, and their checker; proofs of whole regions."""

from sgdmem.numeric.certificates.proof import Proof
from sgdmem.numeric.certificates.proved_region import ProvedRegion
from sgdmem.numeric.certificates.regions import prove_region
from sgdmem.symbolic.certificates.check import CheckedProof, check_proof

__all__ = ["CheckedProof", "Proof", "ProvedRegion", "check_proof", "prove_region"]
