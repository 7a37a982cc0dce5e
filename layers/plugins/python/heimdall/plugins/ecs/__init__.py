"""Runs tasks of ECS, on Fargate or on a cluster's own machines."""
