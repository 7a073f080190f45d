"""What an algorithm is tried on: spectrum, noise, target, and how they come from data."""
