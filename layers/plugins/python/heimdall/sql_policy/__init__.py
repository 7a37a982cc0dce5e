"""The SQL policy: what statements touch, and whether the rules allow it; needs sqlglot."""
