"""Benchmarks: what the product costs in time, statements and rows, as ratios measured in one run."""
