"""Statements of arXiv 2604.06366 on SGD in deep linear networks, and ours about its diffusion."""
