"""Greets the caller: the smallest plugin, to see that the whole path works."""
