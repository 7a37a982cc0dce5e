"""Acme's plugins."""
