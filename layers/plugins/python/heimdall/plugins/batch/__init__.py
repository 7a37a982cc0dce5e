"""Runs containers on Batch."""
