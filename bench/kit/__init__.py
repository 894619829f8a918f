"""What the benchmarks share: servers to measure, requests made beforehand, tables and plots."""
