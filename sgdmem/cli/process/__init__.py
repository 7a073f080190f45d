"""The process that a command runs in: how it ends, is interrupted, or takes too long."""
