"""Sweeps by Spark, on one machine or many."""
