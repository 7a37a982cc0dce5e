"""Runs somebody else's state machines of Step Functions."""
