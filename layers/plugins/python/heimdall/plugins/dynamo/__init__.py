"""Reads DynamoDB with PartiQL."""
