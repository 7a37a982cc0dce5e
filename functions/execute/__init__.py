"""Runs plugins; nothing else does."""
