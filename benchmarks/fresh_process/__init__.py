"""Programs that are measured in processes of their own; they import nothing of the benchmarks."""
