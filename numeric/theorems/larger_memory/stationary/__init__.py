"""Statements on stationary methods: what bounds them, whatever their poles."""
