"""Measured times, for every format."""
