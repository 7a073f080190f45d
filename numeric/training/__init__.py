"""From optimizers and networks to methods and problems, and back: PyTorch and optax, where installed."""
