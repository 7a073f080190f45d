"""Proofs that `sgdmem.certify` makes, and their checker."""

from sgdmem.numeric.certificates.proof import Proof
from sgdmem.symbolic.certificates.check import CheckedProof, check_proof

__all__ = ["CheckedProof", "Proof", "check_proof"]
