"""Drawing of maps, boundaries, losses, root loci and noise summands."""
