"""Devices, for every format."""
