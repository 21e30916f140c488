"""`convcost` and `python -m convcost`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """The console script; an interrupt ends it as the shell expects, 130, from the first import on.

    A command is over before garbage collection pays: with torch loaded it takes a tenth of the time.
    """
    gc.disable()
    try:
        from convcost.cli import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _leave_out_working_folder() -> None:
    """`-m` puts it in front of what Python imports from, whatever files it has."""
    if not sys.flags.safe_path:
        with suppress(OSError):  # it may be gone
            if sys.path[:1] in ([""], [os.getcwd()]):
                del sys.path[0]


if __name__ == "__main__":
    _leave_out_working_folder()
    main()
