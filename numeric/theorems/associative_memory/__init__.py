"""Statements of arXiv 2603.26554, Muon and SGD in associative memory, and around them."""
