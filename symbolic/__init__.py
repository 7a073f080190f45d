"""Exact algebra of gradient methods with memory."""
