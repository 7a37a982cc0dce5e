"""Runs SparkSQL and Spark programs on EMR on EKS."""
