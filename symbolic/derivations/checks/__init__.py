"""Readers that evaluate what a derivation prints, and what its letters mean."""
