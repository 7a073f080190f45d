"""Numbers: spectra, noise sums with error bounds, verdicts and limits."""
