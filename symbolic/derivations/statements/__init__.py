"""What a derivation is about and what its sections are made of."""
