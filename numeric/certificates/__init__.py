"""Those who make proofs, of verdicts and of regions; `sgdmem.symbolic.certificates` checks them."""
