"""Measures the budgets: `make bench` prints a table and writes results.json."""
