"""The sections of a derivation, in their order."""
