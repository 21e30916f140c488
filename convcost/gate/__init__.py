"""The cost check: the configuration, its checks and verdicts, and the lock file of baselines."""
