"""Invokes somebody else's functions of Lambda; `lambda` itself is a word of Python's."""
