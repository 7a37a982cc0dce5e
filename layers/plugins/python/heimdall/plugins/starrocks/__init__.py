"""Asks StarRocks by Arrow Flight SQL and reads its backends in parallel."""
