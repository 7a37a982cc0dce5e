"""Runs jobs of Glue that somebody else wrote."""
