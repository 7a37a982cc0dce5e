"""SparkSQL as its plugins run it: a script that Spark runs, and what reads the result of it."""
