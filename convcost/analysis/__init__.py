"""Analyses of reports: rooflines, memory, breakdowns, derivations."""
