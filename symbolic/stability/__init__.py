"""What decides stability, exactly: Schur conditions, the noise summand and its poles."""
