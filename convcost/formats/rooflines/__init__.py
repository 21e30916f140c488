"""Least times on a device, for every format."""
