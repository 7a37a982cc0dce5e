"""Runs statements at Snowflake, which goes on with them while no function runs."""
