"""The checker of proofs: exact arithmetic only, and nothing shared with those who make or judge."""
