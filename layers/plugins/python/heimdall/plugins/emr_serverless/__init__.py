"""Runs SparkSQL and Spark programs on EMR Serverless."""
