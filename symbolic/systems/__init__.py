"""Exact parts of papers, one stem a paper."""
