"""Whole regions at once: boxes of parameters, and input that is known within intervals."""
