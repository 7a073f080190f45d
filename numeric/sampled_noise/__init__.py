"""The noise of samples as they are: its operator on second moments, and bounds of its radius."""
