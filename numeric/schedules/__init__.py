"""An algorithm for each step: schedules, and those of a family whose parameters change."""
