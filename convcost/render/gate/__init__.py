"""Renders the result of a check: verdicts, changes from baselines, and formats for CI."""
