"""Python code in a process of its own, which imports the same convcost."""

import os
import subprocess
import sys


def run_python(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """`python *arguments`, or a failure after `timeout` seconds."""
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
