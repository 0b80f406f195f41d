"""Measured comparisons: several tools on the same data, in turn, in one run. docs/benchmarks.md tells the convention."""
