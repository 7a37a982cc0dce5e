"""Runs SparkSQL with PySpark on the executor's own machine, for local environments."""
