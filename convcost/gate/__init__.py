"""Guarding costs: a config of entries with limits, their verdicts, and the lock file of their baselines."""
