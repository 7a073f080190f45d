"""Statements of arXiv 2604.09909, and what it does not say of Kaczmarz step by step."""
