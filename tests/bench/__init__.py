"""Benchmarks: each prints our figure beside a limit measured in the same run (design: ratios, not absolute times)."""
