"""Runs a module on inputs whose sizes are open.

`run.py` runs it on fake tensors. `shape_env.py` answers torch's questions about sizes by example sizes,
and `guards.py` keeps the conditions that decided a branch; `assumptions.py` states them in the report.
"""
