"""Runs queries at Athena."""
