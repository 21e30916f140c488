"""Modules built with combinations of constructor arguments, each counted alone."""
