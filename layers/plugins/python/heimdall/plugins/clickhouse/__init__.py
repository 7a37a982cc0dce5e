"""Runs statements at ClickHouse."""
