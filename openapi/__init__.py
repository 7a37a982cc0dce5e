"""Writes the API's contract from the code: openapi.json, and the reference page of it."""
