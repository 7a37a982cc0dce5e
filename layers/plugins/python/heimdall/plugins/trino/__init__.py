"""Runs queries at Trino."""
