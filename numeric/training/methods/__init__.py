"""Methods as optimizers of PyTorch and optax."""
