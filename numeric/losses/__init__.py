"""The mean loss: schedules, exact second moments, long times."""
