"""Runs SQL at Redshift by its Data API."""
