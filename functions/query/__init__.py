"""Answers every read of the API."""
