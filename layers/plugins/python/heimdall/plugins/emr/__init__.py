"""Runs steps on clusters of EMR on EC2, which are there or are made for the job."""
