"""Hands scripts to a machine that watches a shared directory."""
