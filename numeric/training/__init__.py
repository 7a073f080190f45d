"""PyTorch and optax: from optimizers and networks to methods and problems, and back."""
