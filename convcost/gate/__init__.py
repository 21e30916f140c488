"""`check` and `assert_cost`: entries with limits, their verdicts, and the lock file of their baselines.

`config_file.py` finds and reads the TOML file, `validation.py` compares it with the types of
`config_tables.py`, and `config.py` makes entries (`entry.py`) and devices, or lists every issue.
`run.py` counts each entry once (`counting.py`; models in a worker process, `model_runs.py`). It checks
limits (`limit.py`) and counters (`checks.py`), and the baseline (`baseline.py`, `lock_file.py`). The result
is a `GateResult` (`result.py`).
"""
