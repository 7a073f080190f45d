"""Those who make proofs of verdicts; `sgdmem.symbolic.certificates` checks them."""
