"""Reacts to time: finds what was lost on the way and what died."""
