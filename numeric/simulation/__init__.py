"""Runs with mini-batches that are really drawn, and single trajectories."""
