"""Checks of the formulas against torch and the counters, on generated layers of all kinds."""
