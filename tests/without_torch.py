"""An environment without torch and fvcore; run as a script, commands in the environment that runs it.

Each line of stdin is a list of arguments in JSON, each line of stdout its exit code, stdout and stderr.
"""

import contextlib
import io
import json
import sys
import sysconfig
import tomllib
import venv
from importlib import metadata
from pathlib import Path

COUNTING = {"torch", "fvcore"}


def environment_without_torch(folder, project):
    """The interpreter of a virtual environment with all dependencies except torch and fvcore.

    Packages are links to those of this environment.
    """
    from packaging.requirements import Requirement

    venv.create(folder)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    needed = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    done = set(COUNTING)
    while needed:
        requirement = Requirement(needed.pop())
        if requirement.name in done or (
            requirement.marker and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        done.add(requirement.name)
        distribution = metadata.distribution(requirement.name)
        needed += distribution.requires or ()
        for name in {path.parts[0] for path in distribution.files} - {"..", "__pycache__"}:
            (packages / name).symlink_to(distribution.locate_file(name))
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)})) / "python"


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


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(outcome(json.loads(line))) + "\n")
