"""Files, signals and processes.

`files.py` reads and writes users' files, `signals.py` ends the command on a signal, and `workers.py` and
`worker_pool.py` run users' code in separate processes.
"""
