"""Runs SQL at a PostgreSQL server; results are streamed, and a stop ends the statement there."""
