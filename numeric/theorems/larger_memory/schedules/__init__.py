"""Statements on schedules that move or restart alternating poles and zeros."""
