"""Run as a script: commands where torch and fvcore are not installed.

Each line of stdin is a list of arguments in JSON, each line of stdout its exit code, stdout and stderr.
"""

import contextlib
import io
import json
import sys
from importlib import metadata

MISSING = ("torch", "fvcore")


class NotInstalled:
    """Finds nothing of what is said to be missing, before others look for it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def outcome(arguments):
    from convcost.cli import _run  # in this process, whatever the arguments may name

    sys.argv = ["convcost", *arguments]
    out, err, code = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8"), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            _run()
        except SystemExit as end:
            code = end.code or 0
    return code, *(stream.buffer.getvalue().decode() for stream in (out, err))


def installed_version(package, known=metadata.version):
    if package in MISSING:
        raise metadata.PackageNotFoundError(package)
    return known(package)


if __name__ == "__main__":
    sys.meta_path.insert(0, NotInstalled())
    metadata.version = installed_version
    for line in sys.stdin:
        sys.stdout.write(json.dumps(outcome(json.loads(line))) + "\n")
