"""Machine code, threads, GPUs and progress bars."""
