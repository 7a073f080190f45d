"""The mean loss: step by step, after long times, and what no method can beat."""
