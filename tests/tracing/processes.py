"""Python code in a process of its own, which imports the same convcost."""

import os
import subprocess
import sys


def run_python(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """`python *arguments`, or a failure after `timeout` seconds, without the variables that torch sets."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TORCH")}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
