"""Deep linear networks: their modes under gradient flow and SGD, and runs of real ones."""
