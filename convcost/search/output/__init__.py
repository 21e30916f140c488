"""Writes the rows of a sweep to tables and files."""
