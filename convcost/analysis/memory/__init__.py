"""Estimates of the memory that a design takes: to run, and to train."""
