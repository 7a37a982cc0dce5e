"""Queries files in S3 with DuckDB, inside the runner itself."""
