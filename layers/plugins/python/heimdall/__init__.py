"""Heimdall, serverless: what all functions share (the content of the Lambda layer)."""
