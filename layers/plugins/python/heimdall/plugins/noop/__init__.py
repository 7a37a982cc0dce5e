"""Does what it is told and nothing useful: what tests and benchmarks run on."""
