"""Numbers with error bounds, intervals, positive operators, and how input is read."""
