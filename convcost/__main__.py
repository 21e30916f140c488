"""`convcost` and `python -m convcost`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from convcost.system.signals import exit_on_signals


def main() -> None:
    """The console script; a signal ends it as the shell expects, from the first import on.

    A command is over before garbage collection pays: with torch loaded it takes a tenth of the time, and
    the interpreter's collection of everything at its exit another fifth.
    """
    exit_on_signals()
    gc.disable()
    from convcost.cli import run

    try:
        run()
    finally:
        gc.freeze()  # leaves nothing to collect


def _leave_out_working_folder() -> None:
    """`-m` puts it in front of what Python imports from, whatever files it has."""
    if not sys.flags.safe_path:
        with suppress(OSError):  # it may be gone
            if sys.path[:1] in ([""], [os.getcwd()]):
                del sys.path[0]


if __name__ == "__main__":
    _leave_out_working_folder()
    main()
