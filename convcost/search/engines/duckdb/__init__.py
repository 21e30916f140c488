"""Sweeps by DuckDB, in this process."""
