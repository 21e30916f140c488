"""Weights files: only their headers are read."""
