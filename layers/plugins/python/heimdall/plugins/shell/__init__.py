"""Runs a program of the executor's own machine, kept away from what the executor knows."""
