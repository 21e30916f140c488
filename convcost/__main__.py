"""The entry point of `convcost` and `python -m convcost`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from convcost.system.signals import exit_on_signals


def main() -> None:
    """The console script. Signals end it as the shell expects, even during imports.

    Garbage collection is disabled, as commands are short: with torch loaded it would take a tenth of the
    time, and the collection at exit another fifth.
    """
    exit_on_signals()
    gc.disable()
    from convcost.cli import run

    try:
        run()
    finally:
        gc.freeze()  # leaves nothing to collect


def _remove_working_folder() -> None:
    """Remove the working folder from the import path, where `-m` puts it first."""
    if not sys.flags.safe_path:
        with suppress(OSError):  # the folder may be deleted
            if sys.path[:1] in ([""], [os.getcwd()]):
                del sys.path[0]


if __name__ == "__main__":
    _remove_working_folder()
    main()
