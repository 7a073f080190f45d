"""Methods from update functions: a step is run once on symbols, and what it did is read off."""
