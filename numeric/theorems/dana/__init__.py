"""Statements of arXiv 2505.16098: DANA on power-law random features; and what it leaves out."""
